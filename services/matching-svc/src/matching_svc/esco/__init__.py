"""The small extract of ESCO that ships for the first run, and how it is made from the official download."""
