"""`stena doctor`: looks at a deployment from inside, changes nothing, and says of each thing that is not well what to mend."""
