// What this library exports is declared in ctorch.h, beside the functions that load it (Sources/CTorch).
