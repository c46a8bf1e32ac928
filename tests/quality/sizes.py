"""How long files and functions are. Tells what is longer than the style has it, and judges nothing."""
import sys

import tree

FILE_LINES = 600
FUNCTION_LINES = 60


def functions(root, path):
    """(line of the name, name, lines): with .clang-format a body is from "{" to "}" in the first column."""
    begin, name = 0, ""
    for number, line in tree.lines(root, path):
        if line[:1].isalpha() and "(" in line:
            head, name = number, line.split("(")[0].split()[-1].lstrip("*")
        if line == "{" and name:
            begin = number
        elif line == "}" and begin:
            yield head, name, number - begin + 1
            begin, name = 0, ""


def main(root):
    paths = tree.files(root, ".c", ".h", ".py", ".proto")
    longest = (0, "", "")
    for path in paths:
        length = len(tree.lines(root, path))
        if length > FILE_LINES:
            print(f"{path}: {length} lines")
        if not path.endswith(".c"):
            continue
        for number, name, count in functions(root, path):
            longest = max(longest, (count, f"{path}:{number}", name))
            if count > FUNCTION_LINES:
                print(f"{path}:{number}: {name} has {count} lines")
    print(f"{len(paths)} files; the longest function is {longest[2]} in {longest[1]}, {longest[0]} lines")


if __name__ == "__main__":
    main(sys.argv[1])
