"""Layouts of published cases. Each module has LAYOUT (its name), recognise(path) (how many cases a file has; 0: it belongs to
another file's; None: it is of another layout) and run(files, report)."""
