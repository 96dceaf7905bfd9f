# The tables of bench.sh from its measurements: of one workload, or with summary=1 a line for each.
# Ratios are of measurements of the same round; what is shown is the median over the rounds.

function median(values, n,    i, j, v) {
    for (i = 2; i <= n; i++) {
        v = values[i]
        for (j = i - 1; j >= 1 && values[j] > v; j--)
            values[j + 1] = values[j]
        values[j + 1] = v
    }
    return n ? (values[int((n + 1) / 2)] + values[int(n / 2) + 1]) / 2 : 0
}

# The median of a column of a measurement; 0 where there is none.
function of(w, name, column,    r, n, values) {
    for (r = 1; r <= rounds[w]; r++)
        if ((w, name, r, column) in cell)
            values[++n] = cell[w, name, r, column]
    return median(values, n)
}

# The median of speed(a) / speed(b).
function ratio(w, a, b,    r, n, values) {
    for (r = 1; r <= rounds[w]; r++)
        if (cell[w, a, r, 5] > 0 && cell[w, b, r, 5] > 0)
            values[++n] = cell[w, a, r, 5] / cell[w, b, r, 5]
    return median(values, n)
}

function shown(value, format) {
    return value > 0 ? sprintf(format, value) : "-"
}

# How many times, in three digits.
function times(value) {
    return shown(value, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f")
}

# A measurement of so many ranks and threads in a way of summing, which has no name where there is one only.
function config(what, ranks, threads, mode) {
    return what ":" ranks " x " threads (mode ? " " mode : "")
}

function share(w, name, column) {
    return sprintf("%.0f%%", 100 * of(w, name, column))
}

function head() {
    printf "  %-24s%12s%11s%6s%6s%6s%6s%9s%7s%7s\n", "ranks x threads", "samples/s", "us/step", "data", "comp", "sum",
        "upd", "/torch", "/ddp", "/sgemm"
}

function dtrain_row(w, label,    name) {
    name = "dtrain:" label
    printf "  %-24s%12.0f%11.1f%6s%6s%6s%6s%9s%7s%7s\n", label, of(w, name, 5), of(w, name, 6), share(w, name, 7),
        share(w, name, 8), share(w, name, 9), share(w, name, 10), times(ratio(w, name, "best torch")),
        label ~ /^1 x/ ? "" : times(ratio(w, name, "best ddp")), times(ratio(w, name, "best sgemm"))
}

function peer_row(w, name, label) {
    if (of(w, name, 5) > 0)
        printf "  %-24s%12.0f%11.1f\n", label, of(w, name, 5), of(w, name, 6)
}

function exact_row(w,    one, many) {
    one = ratio(w, config("dtrain", 1, cores, "exact"), config("dtrain", 1, cores, "fast"))
    many = ratio(w, config("dtrain", cores, 1, "exact"), config("dtrain", cores, 1, "fast"))
    if (one > 0)
        printf "  exact / fast: %s on 1 x %d, %s on %d x 1\n", times(one), cores, times(many), cores
}

function detail(w,    i) {
    head()
    for (i = 1; i <= labels[w]; i++)
        if (label[w, i] ~ /^dtrain:/)
            dtrain_row(w, substr(label[w, i], 8))
    for (i = 1; i <= labels[w]; i++)
        if (label[w, i] ~ /^(torch|ddp):/)
            peer_row(w, label[w, i], "PyTorch " substr(label[w, i], index(label[w, i], ":") + 1))
    peer_row(w, "sgemm:products alone", "products alone, oneDNN")
    for (i = 1; i <= labels[w]; i++)
        if (label[w, i] ~ /^allreduce:/)
            printf "  %-24s%23.1f   of %s floats on %d ranks\n", "MPI_Allreduce alone", of(w, label[w, i], 6),
                substr(label[w, i], 11), cores
    exact_row(w)
    scaling(w)
}

# A speed and its share of c times that of one core.
function gain(w, name, c) {
    return sprintf("%15s%6s", shown(of(w, name, 5), "%.0f"),
        shown(ratio(w, name, config("strong", 1, 1, reference)) / c, "%.2f"))
}

function scaling(w,    c, what) {
    if (of(w, config("strong", 1, 1, reference), 5) == 0)
        return
    printf "  %-8s%21s%21s%21s   samples/s, efficiency\n", "cores", "threads", "ranks", "ranks, batch grows"
    for (c = 1; c <= cores; c *= 2) {
        what = c == cores ? "dtrain" : "strong"
        printf "  %-8d%s%s%s\n", c, gain(w, config(what, 1, c, reference), c), gain(w, config(what, c, 1, reference), c),
            c == 1 ? "" : gain(w, config("weak", c, 1, reference), c)
    }
}

# The faster of one rank and many, by the median.
function better(w, mode,    one, many) {
    one = config("dtrain", 1, cores, mode)
    many = config("dtrain", cores, 1, mode)
    return of(w, many, 5) > of(w, one, 5) ? many : one
}

function summary_line(w,    name, one, many) {
    name = better(w, reference)
    one = config("dtrain", 1, cores, reference)
    many = config("dtrain", cores, 1, reference)
    printf "%-9s%7s%13.0f%12.1f%10s%12s%9s%13s%13s\n", w, name ~ /:1 x/ ? "1 x " cores : cores " x 1", of(w, name, 5),
        of(w, name, 6), times(ratio(w, name, "best torch")), times(ratio(w, many, "best ddp")),
        times(ratio(w, name, "best sgemm")), times(ratio(w, many, one)),
        reference == "exact" ? times(ratio(w, name, better(w, "fast"))) : "-"
}

BEGIN { FS = "\t" }
{
    name = $3 ":" $4
    if (!(($1, name) in known)) {
        known[$1, name] = 1
        label[$1, ++labels[$1]] = name
    }
    if (!($1 in rounds))
        order[++workloads] = $1
    if ($2 > rounds[$1])
        rounds[$1] = $2
    for (i = 5; i <= NF; i++)
        cell[$1, name, $2, i] = $i
    if ($5 > cell[$1, "best " $3, $2, 5])
        cell[$1, "best " $3, $2, 5] = $5
}
END {
    if (!summary) {
        detail(workload)
        exit
    }
    printf "%-9s%7s%13s%12s%10s%12s%9s%13s%13s\n", "", "best", "samples/s", "us/step", "/PyTorch", "ranks/DDP",
        "/sgemm", "ranks/thread", "exact/fast"
    for (i = 1; i <= workloads; i++)
        summary_line(order[i])
}
