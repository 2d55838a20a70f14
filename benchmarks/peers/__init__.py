"""The shipped rules in the languages of other policy engines, so that all can be asked the same."""
