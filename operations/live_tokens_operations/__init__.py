"""The operator's program, `live-tokens`: deploys the function, finds what is wrong with it, tries it and stops it."""
