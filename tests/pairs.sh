#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `perimeter run --pairs` on a small random encoder: golden and RTL, padding and threads, ablations, bad input. TAP.
cd "$(dirname "$0")/.." || exit 1
build=${PERIMETER_BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { # name status
    if [ "$2" = 0 ]; then echo "ok - pairs: $1"; else
        echo "not ok - pairs: $1"
        failed=1
    fi
}
between() { # KEY LOW HIGH: a number of the summary
    value=$(sed -n "s/^	\"$1\":	\([-0-9.e+]*\),*$/\1/p" "$work/summary.json" | head -1)
    awk -v v="$value" -v lo="$2" -v hi="$3" 'BEGIN { exit !(v != "" && v >= lo && v <= hi) }'
    check "$1 = $value within $2..$3" $?
}
mkdir "$work/m"
"$build/tests/mkbert" "$work/m" || exit 1
# 40 pairs of 1 to 60 words; the score is the number of words
awk 'BEGIN { for (i = 1; i <= 40; i++) { a = b = ""; for (k = 0; k < 1 + i * 37 % 60; k++) a = a substr("abcdefghi", 1, 1 + k * i % 9) " ";
    for (k = 0; k < 1 + i * 11 % 9; k++) b = b substr("jklmnopq", 1, 1 + (k + i) % 8) " "; print a "\t" b "\t" i % 7 } }' >"$work/p.tsv"
run="$build/asan/perimeter run $work/m --pairs $work/p.tsv"
$run --score-column 3 --engine both --rtl-tokens 40 --rtl-layer 1 --ablation-pairs 10 --summary "$work/summary.json" \
    >"$work/out" 2>"$work/err"
check "golden and RTL end with status 0" $?
[ "$(grep -c -E '^-?[01]\.[0-9]{6}	-?[01]\.[0-9]{6}$' "$work/out")" = 40 ] && [ "$(wc -l <"$work/out")" = 40 ]
check "one line a pair, two cosines each" $?
# tokens x (6 x 64 + 2 x 4 x tokens + 4 + 1) + 3, 40 tokens once and 8 twice
between integers_compared 35617 35617
between integers_differ 0 0
between rtl_tokens 40 40
[ "$(grep -c '"cycles_per_token_pass2":	[0-9]' "$work/summary.json")" = 3 ] && [ "$(grep -c '^ *[01] .* = [0-9.]* .* = [0-9.]*$' "$work/err")" = 3 ]
check "clocks against the bound, each layer" $?
between pairs 40 40
between cosine_mean 0.99 0.99999
between cosine_min 0.98 0.9999
between pair_rms 0.00001 0.02
between spearman_float -1 1
between sentences_per_second 0.1 1000000
[ "$(grep -c '"variant":' "$work/summary.json")" = 11 ]
check "eleven variants" $?
# Truncation and a missing 1/Z are worse than what is configured, int8 is not better than float.
awk -F '[\t:,"]+' '/"variant"/ { v = $3 } /^\t\t\t"cosine_mean"/ { c[v] = $3 }
    END { exit !(c["as configured"] > c["flare.round=0"] && c["as configured"] > c["flare.norm=none"] && c["as configured"] > c["flare.kvb=8"] &&
                 c["flare.norm=none"] > 0.5) }' "$work/summary.json"
check "variants differ in the expected order" $?

$run --threads 1 >"$work/t1" 2>/dev/null
$run --threads 3 >"$work/t3" 2>/dev/null
$run --batch 7 >"$work/b7" 2>"$work/err"
cmp -s "$work/out" "$work/t1" && cmp -s "$work/out" "$work/t3" && [ -s "$work/t1" ]
check "1 and 3 threads give the same lines" $?
cmp -s "$work/out" "$work/b7" && grep -q ' and [1-9][0-9]* of padding' "$work/err"
check "batches of 7, padded, give the same lines" $?
"$build/perimeter" run "$work/m" --pairs "$work/p.tsv" >"$work/fast" 2>/dev/null
cmp -s "$work/out" "$work/fast"
check "vectorised and plain code give the same lines" $?
$run --place "ffn*=int8" >"$work/i8" 2>/dev/null
$run --place "ffn*=hyflex,cell=1" >"$work/slc" 2>/dev/null
cmp -s "$work/i8" "$work/slc" && ! cmp -s "$work/i8" "$work/out"
check "int8 gives what exact arrays give" $?

# Not measured, or not defined: no nan anywhere.
! grep -qi nan "$work/err" && grep -q ' 0  k .* - .* - ' "$work/err"
check "codings that were not run are shown as -" $?
printf 'a\tb c\t2\r\nc d\te\t2\r\n' >"$work/p2.tsv"
"$build/asan/perimeter" run "$work/m" --pairs "$work/p2.tsv" --score-column 3 --summary "$work/summary.json" >"$work/out" 2>"$work/err"
[ $? = 0 ] && [ "$(wc -l <"$work/out")" = 2 ] && grep -q 'Spearman: undefined' "$work/err" && grep -q '"spearman_float":	null' "$work/summary.json"
check "equal scores: Spearman is undefined; CRLF" $?
printf '\357\273\277\360\237\230\200 \302\205\t\342\200\250b\r\v' >"$work/p2.tsv"
"$build/asan/perimeter" run "$work/m" --pairs "$work/p2.tsv" >"$work/out" 2>"$work/err"
[ $? = 0 ] && [ "$(wc -l <"$work/out")" = 1 ]
check "a byte order mark, line separators within a line, no end of line" $?
{ printf '\357\273\277first\tsecond\tscore\r\n'; sed 's/$/\r/' "$work/p.tsv"; printf '\r\n\n'; } >"$work/p2.tsv"
$run --score-column 3 >"$work/out" 2>"$work/plain"
"$build/asan/perimeter" run "$work/m" --pairs "$work/p2.tsv" --score-column 3 --header >"$work/out2" 2>"$work/err"
[ $? = 0 ] && cmp -s "$work/out" "$work/out2" && [ "$(grep -c Spearman "$work/err")" = 1 ] &&
    [ "$(grep Spearman "$work/err")" = "$(grep Spearman "$work/plain")" ]
check "a header, carriage returns and empty last lines change nothing" $?
"$build/asan/perimeter" run "$work/m" --pairs "$work/p.tsv" --place "ffn*=hyflex,cell=2,flip=0" >"$work/out" 2>"$work/err"
[ $? = 0 ] && grep -A2 'HyFlexPIM arrays, a token' "$work/err" | tail -1 | grep -qE '^( +[0-9]+){6} +[0-9]+\.[0-9]{3}$'
check "the arrays' cost and wrong codes are reported" $?

bad() { # NAME ARGUMENTS...: status 2, one line that holds $want, nothing on stdout
    name=$1
    shift
    "$build/asan/perimeter" run "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$want" "$work/err" && [ ! -s "$work/out" ]
    result=$?
    [ $result = 0 ] || sed 's/^/# /' "$work/err"
    check "$name is refused" $result
}
good="$work/m --pairs $work/p.tsv"
printf 'a\tb\nc\td\n\ne\tf\n' >"$work/empty.tsv"
printf 'a\tb\nc\n' >"$work/bad.tsv"
want='bad.tsv: line 2: 1 column' bad "a line without a second sentence" "$work/m" --pairs "$work/bad.tsv"
printf 'a\t\377\n' >"$work/bad.tsv"
want='bad.tsv: line 1: byte 3 is not UTF-8' bad "what is not UTF-8" "$work/m" --pairs "$work/bad.tsv"
printf 'a\tb\nc\td\0\n' >"$work/bad.tsv"
want='bad.tsv: line 2: byte 4 is zero' bad "a zero byte" "$work/m" --pairs "$work/bad.tsv"
: >"$work/bad.tsv"
want='bad.tsv: no pairs' bad "an empty file" "$work/m" --pairs "$work/bad.tsv"
printf 'a\tb\t1\nc\td\tnan\n' >"$work/bad.tsv"
want="line 2: column 3, the score, is 'nan'" bad "a score that is no number" "$work/m" --pairs "$work/bad.tsv" --score-column 3 --summary "$work/none.json"
[ ! -e "$work/none.json" ]
check "what is refused writes no summary" $?
want='Is a directory' bad "a folder as pairs" "$work/m" --pairs "$work"
want='nowhere.tsv' bad "a file that is not there" "$work/m" --pairs "$work/nowhere.tsv"
want='line 1: 3 columns, 4 needed' bad "a score column that is not there" $good --score-column 4
want=--score-column bad "a score column 0" $good --score-column 0
want=--columns bad "one column" $good --columns 3
want='column 2 is a sentence' bad "a score that is a sentence" $good --columns 1,2 --score-column 2
want=--score-column bad "a score column for images" models/fashion-vit --data /nowhere --score-column 1
want=--header bad "a header of images" models/fashion-vit --data /nowhere --header
want="line 1: column 3, the score, is 'score'" bad "a header without --header" "$work/m" --pairs "$work/p2.tsv" --score-column 3
want='line 3: 1 column' bad "an empty line within" "$work/m" --pairs "$work/empty.tsv"
want=images bad "images with sentences" $good --images 3
want=--pairs bad "both images and sentences" $good --data /nowhere
want="takes images" bad "sentences for a vision transformer" models/fashion-vit --pairs "$work/p.tsv"
want=engine bad "RTL alone" $good --engine rtl
want=rtl-layer bad "a layer that is not there" $good --engine both --rtl-layer 2
want=rtl-tokens bad "tokens of RTL without RTL" $good --rtl-tokens 40

# The ranges of what its matrices see over sentences; once in bins.
cut -f 1 "$work/p.tsv" >"$work/s.txt"
cp "$work/m/calibration.json" "$work/c.json"
calibrate() { "$build/asan/perimeter" calibrate "$work/m" --output "$work/c.json" "$@" >"$work/out" 2>"$work/err"; }
calibrate --data "$work/s.txt" && [ "$(wc -l <"$work/out")" = 13 ] && grep -q '"images":	40' "$work/c.json" && grep -q '"kvb":	10' "$work/c.json"
check "sentences calibrate every matrix, the rest of the file stays" $?
awk '$1 ~ /q$/ { q[++n] = $2 " " $3 } $1 ~ /attn0.k$/ { same = q[1] == $2 " " $3 } $1 == "attn0.q" { wide = $2 < -1 && $3 > 1 } END { exit !(same && wide) }' "$work/out"
check "q and k see the same" $?
sed 's/^\(attn1.q\) *//;t;d' "$work/out" >"$work/all"
calibrate --data "$work/s.txt" --percentile 90 --images 5 &&
    sed 's/^\(attn1.q\) *//;t;d' "$work/out" | paste - "$work/all" | awk '{ exit !($1 > $3 && $2 < $4) }' && grep -q '"images":	5' "$work/c.json"
check "a percentile of fewer sentences is narrower" $?
refuse() { # NAME WHY, calibrate's options
    name=$1 why=$2 && shift 2
    calibrate "$@"
    [ $? = 2 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "$why" "$work/err"
    check "calibrate: $name is refused" $?
}
refuse "a text of nothing" "no sentences" --data /dev/null
refuse "a text that is not there" "No such file" --data "$work/nothing"
printf 'a\000b\n' >"$work/zero"
refuse "a zero byte" "byte 2 is zero" --data "$work/zero"

mv "$work/m/tokenize" "$work/t"
want='/tokenize: No such file' bad "a network without its tokenizer" $good
printf '#!/bin/sh\nexit 4\n' >"$work/m/tokenize"
chmod +x "$work/m/tokenize"
want='/tokenize: ended with status 4' bad "a tokenizer that fails" $good
exit $failed
