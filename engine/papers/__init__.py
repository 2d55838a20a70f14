"""Papers: what agreements, reports and public pages are made of, and the forms they can be written in."""
