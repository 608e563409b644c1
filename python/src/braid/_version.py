"""The version, that of the command (Sources/BraidSupport has it; a test compares the two)."""

__version__ = "0.1.0"
