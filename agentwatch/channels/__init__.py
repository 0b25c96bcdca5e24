"""How actions arrive: one file or folder for each way."""
