"""The condition tree in other forms: one file each."""
