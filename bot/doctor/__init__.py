"""`devflow doctor`: looks at a machine and its settings, and says what is wrong and how to mend it."""
