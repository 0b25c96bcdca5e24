"""The parts of a screen, one widget a file."""
