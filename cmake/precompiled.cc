// Only what is precompiled for it matters.
