#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Judges mutants of a block's RTL, or adds up what was judged:
#   scripts/mutate.sh BLOCK [bench]   every line of tb/BLOCK/mutants; what is judged already is kept. bench: by the bench alone
#   scripts/mutate.sh summary         prints the table, writes build/mutate/summary.json and build/mutate/survivors, among which is what was not judged; fails where less than
#                                $PERIMETER_MUTATE_SCORE % (99) of the mutants that are not equivalent are killed
# tb/BLOCK/mutants has one design a line:   name | top | NAME=VALUE ... | bench | mutants | contract
#   bench    parameters of pm_BLOCK_tb: the mutated design takes the RTL's place in this model
#   mutants  how many Yosys is to choose (seed 1) among what the block instantiates or says itself
#   contract what the check of equivalence may assume, "p_PORT = EXPRESSION; ...": an output p_Y that is looked at only with its
#            valid (p_Y = V ? Y : 0), an input X restricted to its range (X = f(p_X)); p_ names are the ports of the comparison.
#            What does not begin "NAME =" is Verilog as it stands, such as a register of what surrounds the block
# All mutants of a line are in one flat design with a selector, built once; the bench runs once for each, up to its first
# failure. Survivors are compared with the original for every input and without a bound, from registers that are zero
# (ABC: one step from any state by iprove; scorr, dprove; reach): those proven equal are equivalent. The rest is put to the proofs of the
# blocks that its line is in, in designs of their own: what none of them refutes survives.
# build/mutate/BLOCK-NAME/: list (Yosys' mutants, in order), bench (verdicts), equal (verdicts on survivors),
# proofs (verdicts of the proofs on what is not equivalent).
set -eu
cd "$(dirname "$0")/.."
build=${PERIMETER_BUILD:-build}
out=$build/mutate
mkdir -p "$out"

if [ "$1" = summary ]; then
    : >"$out/survivors.tmp"
    grep -v '^ *#' tb/*/mutants | while IFS='|' read -r file_name _ _ _ count _; do
        name=$(basename "$(dirname "${file_name%%:*}")")-$(echo "${file_name#*:}" | xargs)
        dir=$out/$name
        for f in list bench equal proofs; do [ -e "$dir/$f" ] || { mkdir -p "$dir" && touch "$dir/$f"; }; done
        # Whatever is not killed and not proven equivalent survived, be it that nothing has judged it yet.
        awk -v name="$name" -v n="$(echo "$count" | xargs)" -v survivors="$out/survivors.tmp" '
            FILENAME ~ /list$/ { how[FNR] = $0; next }
            FILENAME ~ /(bench|proofs)$/ { judged[$1]; if (/killed/) killed[$1]; next }
            { verdict[$1] = $2 }
            END {
                for (m = 1; m <= n; m++) {
                    if (m in killed) { k++; continue }
                    if (m in verdict && verdict[m] == "equivalent") { e++; continue }
                    split(how[m], s, " -src ")
                    where = s[2]
                    for (i = 3; i in s; i++) where = where " " s[i]
                    gsub(/mutate .*-mode |-module [^ ]+ |-wire.*/, "", s[1])
                    u += !(m in judged)
                    print name ": mutant " m " " (m in verdict ? verdict[m] : m in judged ? "survived" : "not judged") ": " s[1] " at " where >>survivors
                    delete s
                }
                printf "%s %d %d %d %d %d\n", name, n, k, e, n - k - e, u
            }' "$dir/list" "$dir/bench" "$dir/equal" "$dir/proofs"
    done >"$out/table.tmp"
    mv "$out/survivors.tmp" "$out/survivors"
    mv "$out/table.tmp" "$out/table"
    awk 'BEGIN { printf "%-24s %8s %8s %11s %9s %11s %8s\n", "design", "mutants", "killed", "equivalent", "survived", "not judged", "score, %" }
        function row(name, n, k, e, s, u) { printf "%-24s %8d %8d %11d %9d %11d %8.2f\n", name, n, k, e, s, u, 100 * k / (n - e + (n == e)) }
        { row($1, $2, $3, $4, $5, $6); n += $2; k += $3; e += $4; s += $5; u += $6 }
        END { row("all", n, k, e, s, u) }' "$out/table"
    awk '{ n += $2; k += $3; e += $4; s += $5; u += $6; b = $1; sub(/-.*/, "", b); blocks[b] }
        END {
            for (b in blocks) nb++
            printf "{\n \"mutants\": %d,\n \"killed\": %d,\n \"equivalent\": %d,\n \"survived\": %d,\n \"not_judged\": %d,\n \"blocks\": %d\n}\n", n, k, e, s, u, nb
        }' "$out/table" >"$out/summary.json.tmp"
    mv "$out/summary.json.tmp" "$out/summary.json"
    awk -v least="${PERIMETER_MUTATE_SCORE:-99}" '{ n += $2; k += $3; e += $4 }
        END { if (100 * k < least * (n - e)) { printf "not ok - mutation score %.2f %%, %s wanted\n", 100 * k / (n - e), least; exit 1 } }' "$out/table"
    exit
fi

block=$1
files=$(scripts/files.sh "$block" | tr '\n' ' ')
yosys_run() { # log commands
    yosys -Q -q -l "$1" -p "$2" >/dev/null 2>"$1.err" || {
        echo "scripts/mutate.sh: $block: $(grep -m1 ERROR "$1.err" || echo 'Yosys failed'), see $1" >&2
        exit 1
    }
}

# The original and all mutants; the selector is a register that the bench's process sets.
make_mutants() {
    rm -rf "$dir"
    mkdir -p "$dir"
    set=
    for p in $params; do set="$set -set ${p%%=*} ${p#*=}"; done
    yosys_run "$dir/log" "read_verilog -sv $files; ${set:+chparam$set $top;} hierarchy -check -top $top; rename -top $top;
        setattr -mod -set keep_hierarchy 1 A:src=rtl/* A:src=rtl/$block/* %d A:src=rtl/common/* %d;
        proc; flatten; opt_expr; opt_clean; opt -full; wreduce; opt_clean; check -assert; select -assert-none t:\$mem*;
        select -set own $top/a:src=*rtl/$block/* $top/a:src=*rtl/common/* %u;
        mutate -list $count -seed 1 -ctrl mutsel $width 1 -o $dir/list.tmp @own; select *; script $dir/list.tmp;
        write_rtlil $dir/mutants.il; write_verilog -noattr $dir/mutants.tmp"
    list=$(echo "$params" | sed -E 's/([^ ]+)/parameter \1/g; s/ p/, p/g')
    sed -E "s/^module \\\\?$top ?\(/module $top ${list:+#($list) }(/
        /^module $top #?\(/,/^endmodule/ {
            s/, mutsel(\)|$)/\1/
            s/^  input \[[0-9:]+\] mutsel;/  import \"DPI-C\" function int pm_mutant();/
            s/^  wire (\[[0-9:]+\]) mutsel;/  reg \1 mutsel;\n  initial mutsel = $width'(pm_mutant());/
        }" "$dir/mutants.tmp" >"$dir/$name.v"
    sed -En "/^module \\\\?$top ?\(/,/^endmodule/ { /^  (input|output) /p }" "$dir/mutants.tmp" >"$dir/ports"
    rm "$dir/mutants.tmp"
    mv "$dir/list.tmp" "$dir/list"
}

# The netlist of all mutants between the contract's ports, as BLIF; select_mutant makes the selector a constant.
make_gates() {
    awk -v top="$top" -v contract="$contract" '
        /^  (in|out)put / { sub(/;/, ""); dir[$NF] = $1; range[$NF] = $2 ~ /^\[/ ? $2 : ""; name[++n] = $NF }
        END {
            for (i = 1; i <= n; i++) ports = ports (i > 1 ? ", " : "") dir[name[i]] " wire " range[name[i]] " p_" name[i]
            print "module wrap(" ports ");"
            for (i = 1; i <= n; i++) print "wire " range[name[i]] " " name[i] ";"
            for (i = 1; i <= n; i++) pins = pins (i > 1 ? ", " : "") "." name[i] "(" name[i] ")"
            print top " u_top (" pins ");"
            for (i = 1; i <= n; i++) {
                to = dir[name[i]] == "input" ? name[i] : "p_" name[i]
                if (contract !~ "(^|;) *" to " *=") print "assign " to " = " (dir[name[i]] == "input" ? "p_" : "") name[i] ";"
            }
            m = split(contract, c, ";")
            for (i = 1; i <= m; i++) if (c[i] ~ /[^ ]/) print (c[i] ~ /^ *[a-z_0-9]+ *=/ ? "assign " : "") c[i] ";"
            print "endmodule"
        }' "$dir/ports" >"$dir/wrap.v"
    yosys_run "$dir/gates.log" "read_rtlil $dir/mutants.il; read_verilog $dir/wrap.v; hierarchy -check -top wrap; setattr -mod -unset keep_hierarchy *; proc; flatten;
        setundef -zero; async2sync; techmap; dffunmap; techmap; setundef -undriven -zero -init; opt_clean; aigmap; write_aiger -zinit -map $dir/gates.map $dir/gates.aig"
    berkeley-abc -q "read_aiger $dir/gates.aig; strash; write_blif $dir/gates.tmp" >"$dir/gates.abc"
    mv "$dir/gates.tmp" "$dir/gates.blif"
}

select_mutant() { # mutant file
    awk -v m="$1" '
        FILENAME ~ /map$/ { if ($1 == "input" && $4 == "p_mutsel") bit[$2] = $3; next }
        /^\.inputs/ { inputs = 1 }
        /^\.outputs/ { inputs = 0 }
        inputs {
            left = ""
            for (i = 1; i <= NF; i++) if ($i !~ /^pi/ || !(substr($i, 3) + 0 in bit)) left = left " " $i; else name[substr($i, 3) + 0] = $i
            $0 = substr(left, 2)
        }
        /^\.names/ && !done { done = 1; for (i in name) print ".names " name[i] "\n " int(m / 2 ^ bit[i]) % 2 }
        { print }' "$dir/gates.map" "$dir/gates.blif" >"$dir/selected.blif"
    berkeley-abc -q "read_blif $dir/selected.blif; strash; write_aiger $2" >>"$dir/gates.abc"
}

# One step from any state, which is quick, shows most of what is equal; else induction, and last, for few registers, all states.
differ() { # mutant: 0 proven equal, 1 different, 2 neither
    select_mutant "$1" "$dir/m.aig"
    export PERIMETER_EQUAL_TIMEOUT="${PERIMETER_EQUAL_TIMEOUT:-60}"
    abc="timeout $PERIMETER_EQUAL_TIMEOUT berkeley-abc -q"
    $abc "miter -c $dir/m0.aig $dir/m.aig; iprove" >"$dir/m.log" 2>&1 || true
    if grep -q UNSATISFIABLE "$dir/m.log"; then return 0; fi
    scripts/equal.sh "$dir/m0.aig" "$dir/m.aig" "$dir/m.log" && return 0 || [ $? = 2 ] || return 1
    $abc "read_aiger $dir/m.log.aig; dc2; reach -B 2000000 -F 1000000" >"$dir/m.log" 2>&1 || true
    if grep -q 'proved unreachable' "$dir/m.log"; then return 0; fi
    return 2
}

# The same change in the designs of the proofs, where the cell's name tells its line: those of the line's block.
refuted() { # mutant: prints the target whose proof it fails
    mutant=$(sed -n "$1p" "$dir/list")
    change=$(echo "$mutant" | grep -oE -- '-(mode|port|portbit|ctrlbit) [^ ]+' | paste -sd' ')
    line=$(echo "$mutant" | sed -nE 's/.* -cell [^ ]*\$(rtl\/[^ ]+:[1-9][0-9]*)\$.*/\1/p')
    [ -n "$line" ] || return 0
    src=$(echo "$mutant" | grep -oE -- "-src $line\.[^ ]+" | head -1)
    PERIMETER_BUILD=$dir/proofs.build PERIMETER_PROVE_QUICK=1 PERIMETER_PROVE_MUTANT="$change $src" scripts/prove.sh \
        "$(basename "$(dirname "$line")")" </dev/null | sed -n 's/^not ok - proof \([^ ]*\).*/\1/p' || true
}

while IFS='|' read -r name top params bench count contract; do
    name=$(echo "$name" | xargs)
    case $name in '' | \#*) continue ;; esac
    top=$(echo "$top" | xargs)
    params=$(echo "$params" | xargs)
    bench=$(echo "$bench" | xargs)
    count=$(echo "$count" | xargs)
    width=1
    while [ $((1 << width)) -le "$count" ]; do width=$((width + 1)); done
    dir=$out/$block-$name
    design="$top|$params|$bench|$count"
    # shellcheck disable=SC2086
    if [ ! -e "$dir/list" ] || [ -n "$(find $files -newer "$dir/list" -print -quit)" ] || [ "$design" != "$(cat "$dir/design" 2>/dev/null)" ]; then
        make_mutants
        echo "$design" >"$dir/design"
    fi
    [ -e "$dir/bench" ] || : >"$dir/bench"
    [ -e "$dir/equal" ] || : >"$dir/equal"
    # A bench that changed judges anew what survived, but for equivalents.
    if [ -n "$(find "tb/$block" tb/common -type f ! -name mutants -newer "$dir/bench" -print -quit)" ]; then
        awk 'FILENAME ~ /equal$/ { if (/equivalent/) same[$1]; next } /killed/ || $1 in same' "$dir/equal" "$dir/bench" >"$dir/bench.tmp"
        mv "$dir/bench.tmp" "$dir/bench"
        grep equivalent "$dir/equal" >"$dir/equal.tmp" || true
        mv "$dir/equal.tmp" "$dir/equal"
    fi
    left=$(awk -v n="$count" '{ done[$1] } END { for (i = 1; i <= n; i++) if (!(i in done)) printf "%d ", i }' "$dir/bench")
    if [ -n "$left" ]; then
        echo "# $block-$name: $(echo "$left" | wc -w) mutants" >&2
        PERIMETER_MUTANTS=$dir/$name.v PERIMETER_MODELS="$bench" PERIMETER_MUTANT_LIST="$left" "$build/tb/${block}_tb" |
            grep --line-buffered -E '^[0-9]+ ' >>"$dir/bench"
    fi
    [ "$(wc -l <"$dir/bench")" = "$count" ] || {
        echo "scripts/mutate.sh: $block-$name: no verdict on some mutants, see $dir/bench" >&2
        exit 1
    }
    if [ "${2:-}" = bench ]; then continue; fi
    if [ "$contract" != "$(cat "$dir/contract" 2>/dev/null)" ]; then # proven under another
        rm -f "$dir/gates.blif" "$dir/equal"
        touch "$dir/equal"
        echo "$contract" >"$dir/contract"
    fi
    for m in $(awk '/survived/ {print $1}' "$dir/bench"); do
        grep -q "^$m " "$dir/equal" && continue
        [ -e "$dir/gates.blif" ] || { make_gates && select_mutant 0 "$dir/m0.aig"; }
        status=0
        differ "$m" || status=$?
        case $status in 0) echo "$m equivalent" ;; 1) echo "$m differs" ;; *) echo "$m undecided" ;; esac >>"$dir/equal"
    done
    [ "$dir/proofs" -nt "$dir/bench" ] || : >"$dir/proofs"
    for m in $(awk '!/equivalent/ {print $1}' "$dir/equal"); do
        grep -q "^$m " "$dir/proofs" && continue
        target=$(refuted "$m" | head -1)
        echo "$m ${target:+killed by }${target:-survived}" >>"$dir/proofs"
    done
    rm -rf "$dir/proofs.build"
done <"tb/$block/mutants"
