"""A local GitHub and a scripted Claude: the demo and the test harness."""
