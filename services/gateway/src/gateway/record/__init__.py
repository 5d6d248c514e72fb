"""The record of what was disclosed: entries, their tree, its signed heads, proofs."""
