"""Who gets the work: what each agent has achieved at what, and the choice that follows."""
