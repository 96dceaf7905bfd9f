# shellcheck shell=bash
# The code blocks of a document, and a Python that can run them. Sourced by run.sh and pytorch.sh.

# split_blocks DOCUMENT FOLDER: each block becomes a file FOLDER/<number>, and a line of FOLDER/index:
# number, line of the document, language, and the comment in the line before it (<!-- ... -->), apart by tabs
split_blocks() {
    mkdir -p "$2"
    awk -v folder="$2" '
        inside && /^```[ \t]*$/ { inside = 0; close(folder "/" n); next }
        inside { print >(folder "/" n); next }
        /^```/ {
            n++; inside = 1
            printf "%d\t%d\t%s\t%s\n", n, NR, (length($0) > 3 ? substr($0, 4) : "-"), mark
            printf "" >(folder "/" n)
            mark = ""
            next
        }
        /^[ \t]+```/ { printf "%d\t%d\tindented\t\n", ++n, NR; next }
        /^<!-- .* -->$/ { mark = substr($0, 6, length($0) - 9); next }
        { mark = "" }
        END { if (inside) printf "%d\t%d\topen\t\n", n, NR }' "$1" >"$2/index"
}

# python_for FILE: the first Python that has all modules which the file imports
python_for() {
    local python modules
    modules=$(sed -nE 's/^import +//p; s/^from +([a-z0-9_]+).*/\1/p' "$1" | sed -E 's/ as [a-z]+//g' | paste -sd,)
    for python in ${DTRAIN_PYTHON:-} python3 /usr/bin/python3; do
        if "$python" -c "import ${modules:-sys}" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}
