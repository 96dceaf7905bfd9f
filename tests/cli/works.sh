#!/usr/bin/env bash
# The program as people use it, and what happens to it from outside: a full disk, a reader that went
# away, a rank that dies. works.sh PROGRAM FIXTURES-PROGRAM
set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$(readlink -f -- "$1")
fixtures_program=$(readlink -f -- "$2")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"

# without_facts: the first line names ranks and threads; the last of an epoch, and that of the run, a time
without_facts() {
    sed -e 1d -e 's/[;n] [0-9.:]* [a-z]*$//'
}

# same_text FILE FILE: word for word, but the last of four digits may be rounded the other way
same_text() {
    paste -d ' ' <(tr -s ' \n' '\n' <"$1") <(tr -s ' \n' '\n' <"$2") |
        awk '$1 != $2 { d = $1 - $2; if ($1 !~ /^[0-9.]+$/ || d > 0.00011 || d < -0.00011) exit 1 }'
}

prepare
F=../fixtures

name=quickstart
for ranks in 1 2 3 4; do
    launch "$ranks" >output
    status=$?
    check "status $status on $ranks ranks" status_is 0
    check "standard error on $ranks ranks" quiet_errors
    without_facts <output >"output.$ranks"
    check "other text on $ranks ranks" same_text output.1 "output.$ranks"
done
check "5 epochs" same "$(grep -c '^Epoch [1-5]/5$' output)" 5
check "50 steps" same "$(grep -Ec '^  Step ([1-9]|10), Loss: [0-9]+\.[0-9]{4}$' output)" 50
check "a mean loss and a time" same "$(grep -Ec '^  Mean loss: [0-9]+\.[0-9]{4}; [0-9.]+ m?s$' output)" 5
check "a line of more than 80 columns" same "$(grep -E '.{81}' output)" ''
check "ranks in the first line" same "$(head -n 1 output | cut -d ' ' -f 1-2)" "4 ranks"

# On a terminal, which script(1) makes: the bar leaves its last columns to ^C, which the terminal writes behind it
name=terminal
if command -v script >/dev/null; then
    for columns in 60 80 200; do
        script -qec "stty cols $columns; exec '$program' --hidden 1000,1000 --batch-size 50 --epochs 2" typescript \
            </dev/null >output
        tr '\r' '\n' <typescript | grep '^Epoch .*, loss ' >bars
        check "no bar in $columns columns" test -s bars
        check "no picture in $columns columns" test "$columns" -lt 80 -o ! "$(grep -Ev '\[[#-]+\]' bars)"
        check "too wide for $columns columns" same "$(awk -v n="$columns" 'length($0) > n - 3 || length($0) > 77' bars)" ''
    done
    rm typescript bars
else
    skip "no script"
fi

name=preflight
IFS=,- read -r cpu _ < <(awk '$1 == "Cpus_allowed_list:" { print $2 }' /proc/self/status)
output=$(taskset -c "$cpu" "$program" --threads 2 --max-steps 1 --log run.jsonl 2>&1 >/dev/null)
check "one line" same "$(wc -l <<<"$output")" 1
check "two threads on a core" grep -q '^dtrain: warning: rank 0 has 2 threads on a single core of ' <<<"$output"
check "in the log" grep -q '"warnings":\["rank 0 has 2 threads on a single core' run.jsonl
output=$(taskset -c "$cpu" "$program" --threads 2 --max-steps 1 --quiet 2>&1)
check "not with --quiet" grep -q '^dtrain: warning: rank 0 has 2 threads' <<<"$output"
output=$("$program" --threads 1 --max-steps 1 --log run.jsonl --overwrite 2>&1 >/dev/null)
check "something where all is well" same "$output" ''
check "in the log" grep -q '"warnings":\[\]' run.jsonl
rm run.jsonl

# What only the results would show otherwise: said by one rank, also with --quiet, and in the log
name=warnings
awk 'BEGIN { print "id,a,b,kind"; for (i = 0; i < 60; i++) printf "%d,%g,%g,%d\n", i + 5, 30000 * sin(i), cos(i), 1 + i % 3 }' >odd.csv
launch 1 convert odd.csv odd.h5 --target kind >output
for ranks in 1 3; do
    launch "$ranks" --data odd.h5 --dropout 0.1 --lr 1e-9 --quiet --log run.jsonl --overwrite
    status=$?
    check "status $status on $ranks ranks" status_is 0
    check "other than 4 lines on $ranks ranks" same "$(errors | wc -l)" 4
    for text in '--dropout has no effect' '"y" has the labels 1 to 3' '"x" has values up to 3e.04 in column 1 \(a\)' \
        'column 0 \(id\) of "x", counted from 0, only counts the rows \(5, 6, 7, ...\)'; do
        check "$text on $ranks ranks" grep -Eq -e "^dtrain: warning: .*$text" <(errors)
    done
    check "not in the log" grep -Eq '"warnings":\["--dropout .*counts the rows' run.jsonl
    launch "$ranks" --lr 4 --epochs 2 --quiet --log run.jsonl --overwrite
    check "diverges on $ranks ranks" same "$(errors | grep -c 'the loss has risen from [0-9.]* to [0-9.e+]*: the run')" 2
    check "diverges, in the log" grep -Eq '"event":"end".*"warnings":\["the loss has risen' run.jsonl
done
awk 'BEGIN { print "area,price"; for (i = 0; i < 200; i++) printf "%d,%d\n", 60 + i, 300000 + 4000 * ((i * 37) % 100) }' >price.csv
launch 1 convert price.csv price.h5 --target price >output
for ranks in 1 3; do
    launch "$ranks" --data price.h5 --loss mse --epochs 1 --batch-size 180 --val-fraction 0.1 --quiet --log run.jsonl --overwrite
    check "validation on $ranks ranks" same "$(errors | grep -c 'the validation loss has risen from [0-9.]*e+[0-9]* to [0-9.]*e+[0-9]*: the run')" 2
    check "validation, in the log" grep -Eq '"event":"end".*"warnings":\["the validation loss has risen' run.jsonl
done
launch 1 --lr 1e18 --quiet
check "too large a gradient" grep -q ': the gradient is too large for its exact sum: epoch 1, step 3; .*--lr' <(errors)
launch 1 --lr 1e30 --quiet
check "weights" grep -q ': the weights are no longer finite: epoch 1, step 2; .*--lr' <(errors)
rm -r odd.* price.* run.jsonl

# Tables are converted one by one: of the second, without birds, the columns are in another order, and a word has
# another number.
name=names
awk -v OFS=, 'BEGIN { print "a,b,kind"; for (i = 0; i < 60; i++) print i % 3, 1 - i % 3, substr("birdcat dog ", 4 * (i % 3) + 1, 4) }' |
    sed 's/ $//' >train.csv
awk -F , -v OFS=, '$3 != "bird" { print $2, $3, $1 }' train.csv >test.csv
launch 1 convert train.csv train.h5 --target kind >output
launch 1 convert test.csv test.h5 --target kind >output
launch 1 --data train.h5 --epochs 200 --lr 0.5 --checkpoint names --quiet
for ranks in 1 3; do
    for what in train test; do
        launch "$ranks" evaluate --model names/step-*200.h5 --data $what.h5 >output
        check "of $what.h5 on $ranks ranks" same "$(grep Accuracy output)" 'Accuracy: 100.00 %'
    done
done
printf 'a,b\n1,2\n' >names.csv
for ranks in 1 3; do
    launch "$ranks" evaluate --model names --data train.h5 >output
    check "the newest of a folder on $ranks ranks" same "$(grep Accuracy output)" 'Accuracy: 100.00 %'
    check "which one on $ranks ranks" same "$(head -n 1 output)" 'Model: names/step-0000000200.h5'
    launch "$ranks" predict --model names --data train.h5 --out names.h5 >output
    check "prediction by which one on $ranks ranks" same "$(cat output)" "$(printf '%s\n' 'Model: names/step-0000000200.h5' 'Predictions: names.h5')"
    launch "$ranks" evaluate --model names/step-*200.h5 --data train.h5 >output
    check "a file is not told on $ranks ranks" same "$(grep -c Model output)" 0
    launch "$ranks" evaluate --model . --data train.h5 >output
    check "no checkpoint in a folder on $ranks ranks" says '\.: a folder without a checkpoint .*'
    launch "$ranks" evaluate --model names.csv --data train.h5 >output
    check "a table as a model on $ranks ranks" says 'names.csv: not an HDF5 file, so not a checkpoint, .*'
done
cp -r names chosen
cp $F/model.h5 chosen/best.h5
launch 1 evaluate --model chosen --data train.h5 >output
check "best.h5 first" same "$(errors | grep -c .)" 1
check "it is told" same "$(cat output)" "Model: chosen/best.h5"
rm -r names.csv names.h5 chosen
launch 1 info names/step-*200.h5 >output
check "columns" grep -qx 'Columns:    "a", "b"' output
check "classes" grep -qx 'Classes:    "bird", "cat", "dog"' output
check "what was done" grep -qx 'Run:        200 epochs, 200 steps in all; seed 0' output
check "a table of the weights" same "$(awk '/^Tensor /, /^$/ { if (NF) print $1, $2, $3 }' output)" 'Tensor Shape Parameters
0.weight [3,2] 6
0.bias [3] 3'
check "a table of the options" grep -Eqx 'lr +0\.5' output
check "an empty list" grep -Eqx 'hidden +none' output
launch 1 info test.h5 >output
check "classes of the table" grep -qx 'Classes: "cat", "dog"' output
sed 's/dog/zat/' test.csv >other.csv
launch 1 convert other.csv other.h5 --target kind >output
launch 3 evaluate --model names/step-*200.h5 --data other.h5 >output
status=$?
check "status $status" status_is 1
check "both lists" says '.*other.h5: the classes of "y" are not those of .*: unknown "zat"; they are "cat", "zat", but it has "bird", "cat", "dog"'
awk -F , -v OFS=, '{ print $2, $1, $3 }' train.csv >swapped.csv
launch 1 convert swapped.csv swapped.h5 --target kind >output
for ranks in 1 3; do
    launch "$ranks" --data train.h5 --init-from names/step-*200.h5 --quiet
    check "warnings on $ranks ranks" quiet_errors
    launch "$ranks" --data swapped.h5 --init-from names/step-*200.h5 --quiet
    check "no warning on $ranks ranks" same "$(errors | grep -c '"a", "b", but swapped.h5 has "b", "a"')" 1
done
rm swapped.*
launch 3 --data train.h5 --val-data ./train.h5
status=$?
check "status $status" status_is 2
check "the same file" says '--val-data ./train.h5: "x" of ./train.h5 is trained on.*'
# Of wide tables only the difference is shown.
seq -s , 1 300 | sed 's/[0-9]*/c&/g; s/$/,kind/' >wide.csv
for word in cat dog; do seq -s , 1 300 | sed "s/$/,$word/"; done >>wide.csv
sed '1s/c250/changed/' wide.csv >wider.csv
for table in wide wider; do
    launch 1 convert $table.csv $table.h5 --target kind >output
done
launch 3 --data wide.h5 --val-data wider.h5 --quiet
check "the difference" says 'wider.h5: the 300 columns of "x" are not the 300 of the training data wide.h5: missing "c250", unknown "changed"'
rm -r train.* test.* other.* names wide*

# Names that do not fit are told, and not used.
name=misnamed
odd='../fixtures/misnamed.h5: the attribute'
for ranks in 1 3; do
    launch "$ranks" --data $F/misnamed.h5 --val-data $F/classes.h5 --epochs 1 --quiet --checkpoint odd --log odd.jsonl
    check "training" same "$(errors)" "dtrain: warning: $odd \"columns\" of \"x\" has 2 names for 3 columns: it is not used, and columns are taken by their place
dtrain: warning: $odd \"classes\" of \"y\" is not a list of strings: it is not used"
    check "the log" grep -q '"warnings":\[".*2 names for 3 columns.*not a list of strings' odd.jsonl
    launch "$ranks" --data $F/classes.h5 --val-data $F/misnamed.h5 --epochs 1 --quiet
    check "validation" same "$(errors | grep -c "^dtrain: warning: $odd")" 2
    launch "$ranks" evaluate --model odd/best.h5 --data $F/misnamed.h5 >output
    check "evaluate" same "$(errors | grep -c "^dtrain: warning: $odd")" 2
    launch "$ranks" predict --model odd/best.h5 --data $F/misnamed.h5 --out odd.h5 >output
    check "predict" same "$(errors | grep -c "^dtrain: warning: $odd")" 1
    launch "$ranks" info $F/misnamed.h5 >output
    check "info" same "$(grep -c "^Warning: $odd" output)" 2
    rm -r odd odd.h5 odd.jsonl
done

name=slowest
for ranks in 1 3; do
    launch "$ranks" --quiet --epochs 3 --log run.jsonl
    check "in the log on $ranks ranks" same 3 "$(grep -Ec \
        '"slowest":\{"rank":[0-2],"node":"[^"]+","ratio":[0-9.]+,"data":[^,]+,"compute":[^,]+,"wait":[^,]+\}\}$' \
        run.jsonl)"
    rm run.jsonl
done

name=help
for ranks in 1 3; do
    launch "$ranks" --help >output
    status=$?
    check "status $status" status_is 0
    check "on standard error" quiet_errors
    check "more than once" same "$(grep -c -- '--batch-size' output)" 1
    launch "$ranks" --version >output
    check "version" grep -Eqx 'dtrain [0-9]+\.[0-9]+\.[0-9]+' output
    check "version more than once" same "$(wc -l <output)" 1
    launch "$ranks" help convert >output
    check "help convert" same "$(grep -c -e '^Usage: dtrain convert' -e '--target' output)" 2
done

for columns in 60 80 120; do
    COLUMNS=$columns launch 1 help train >output
    check "wider than $columns" same "$(awk -v n="$columns" 'length($0) > n' output)" ''
    check "not as wide as $columns" test "$(awk -v n="$columns" 'length($0) > n - 12' output | wc -l)" -gt 3
done
COLUMNS=80 launch 1 help train >output
launch 1 help train </dev/null >output.80 # no terminal
check "80 columns" cmp output output.80
launch 1 -V >output
check "-V" grep -Eqx 'dtrain [0-9]+\.[0-9]+\.[0-9]+' output

name=convert
for ranks in 1 3; do
    launch "$ranks" convert --x $F/images.idx --y $F/labels.idx classes.h5
    status=$?
    check "status $status" status_is 0
    launch "$ranks" convert --x $F/images.idx --y $F/targets.npy targets.h5
    status=$?
    check "status $status" status_is 0
    launch "$ranks" convert $F/table.csv table.h5 --target price >output
    status=$?
    check "status $status" status_is 0
    check "not what was taken" same "$(head -n 3 output)" "$F/table.csv: separated by commas, a header in line 1, 2 rows of 3 columns
x: a, b
y: column 3 (price), whole numbers from 3 to 6: classes are 0, 1, 2, ...; numbers want --loss mse"
    launch "$ranks" convert $F/table.csv new.h5 >output
    status=$?
    check "status $status without a target" status_is 0
    check "without a target" grep -qx 'Data set: 2 samples of 3 features; no target, which only predict does without' output
    check "columns without a target" grep -qx 'Columns: "a", "b", "price"' output
    check "warnings" quiet_errors
    launch "$ranks" convert --x $F/images.idx new.h5
    status=$?
    check "status $status without y" status_is 0
    launch "$ranks" info classes.h5 >output
    check "info" grep -q '6 samples of 4 features (uint8' output
    check "info more than once" same "$(grep -c '^Data set' output)" 1
done

name=info
for ranks in 1 3; do
    launch "$ranks" info $F/classes.h5 >output
    check "classes" grep -Eqx 'y: classes 0 to [0-9]+; samples of each:( [0-9]+)+' output
    check "cost" grep -q '^An epoch from the file: ' output
    for what in nan_first 'nan_last' infinite; do
        launch "$ranks" info $F/$what.h5 >output
        status=$?
        check "$what: status $status" status_is 0
        check "$what" grep -Eq '^x: from .* (1 NaN, 0|0 NaN, 1) infinite \(as float32\) of' output
    done
    launch "$ranks" info $F/declared_rows.h5 >output # 2^40 rows
    check "never written" grep -q '^x: never written' output
    launch "$ranks" info $F/names.h5 --x features --y labels >output
    check "names" grep -q '^features: never written' output
    launch "$ranks" info classes.h5 >output
    check "bytes" grep -qx 'x: from 1 to 250; divided by 255 from 0.003922 to 0.9804; none is NaN or infinite' output
    launch "$ranks" info $F/classes.h5 --no-values >output
    check "--no-values" same "$(grep -c -e '^x: from' -e '^An epoch' output)" 0
done
# Integers that are hardly classes
for labels in '-1 1 -1' '0 1 0' '0 7 9' '5 70 101' '0 5 3000000'; do
    read -ra values <<<"$labels"
    printf 'a,y\n.5,%s\n.25,%s\n.75,%s\n' "${values[@]}" >y.csv
    launch 1 convert y.csv y.h5 --target y >output
    launch 1 info y.h5 >output
    check "$labels: --loss mse" same "$(grep -c '^y: .* numbers want --loss mse$' output)" "$([[ $labels == '0 1 0' ]] && echo 0 || echo 1)"
    check "$labels: samples" grep -q '^Data set: 3 samples of 1 feature; y is integer' output
done
launch 1 convert --x $F/images.idx --y $F/images.idx y.h5 >output
check "y of several values" grep -q 'y is integer, 4 values a row: classes if one of them is 1;' output
printf 'a,y\n.1,0\n16777216,1\n' >y.csv
launch 1 convert y.csv y.h5 --target y >output
launch 1 info y.h5 >output
check "digits" grep -q '^x: from 0.1 to 16777216; ' output
rm y.csv y.h5
# The advice is taken.
if command -v h5repack >/dev/null; then
    mkdir 'a folder'
    h5repack -l x:CHUNK=3x1 $F/good.h5 "a folder/it's slow.h5"
    launch 1 info "a folder/it's slow.h5" >output
    check "slow" grep -q '  slow: a chunk holds only' output
    eval "$(grep '^  h5repack' output)"
    launch 1 info repacked.h5 >output
    check "still slow" same "$(grep -c -e slow -e repack output)" 0
    check "repacked" grep -Eq '^x: .* chunks of \[12,3\]$' output
    rm -r 'a folder' repacked.h5
else
    skip "no h5repack"
fi

name=round_trip
for ranks in 1 3; do
    launch "$ranks" --data classes.h5 --hidden 8 --lr 0.5 --batch-size 2 --epochs 60 --quiet \
        --checkpoint run >output
    status=$?
    check "status $status" status_is 0
    check "--quiet is not" test ! -s output
    model=run/step-0000000180.h5
    launch "$ranks" info $model >output
    check "info" grep -q '^Checksums:  good$' output
    launch "$ranks" evaluate --model $model --data classes.h5 >output
    check "evaluate" grep -Eqx 'Accuracy: (83|100)\.[0-9]{2} %' output
    check "evaluate" grep -Eqx 'Loss: [0-9.]+' output
    launch "$ranks" predict --model $model --data classes.h5 --out predicted.h5
    status=$?
    check "status $status" status_is 0
    launch "$ranks" info predicted.h5 >output
    check "prediction [6,3]" grep -q '^prediction: \[6,3\] float32' output
    check "label [6]" grep -q '^label: \[6\] int32' output
    check "something half-written" same "$(files .. | grep -c '\.tmp\.')" 0
    # An output replaces what the same command writes, or an empty file, and nothing else.
    : >empty.h5
    for out in predicted.h5 empty.h5; do
        launch "$ranks" predict --model $model --data classes.h5 --out $out
        status=$?
        check "status $status over $out" status_is 0
    done
    printf 'notes of mine\n' >notes
    cp $model best.h5
    cp $F/good.h5 other.h5
    before=$(files .)
    for out in notes best.h5 other.h5; do
        launch "$ranks" predict --model $model --data classes.h5 --out $out
        status=$?
        check "status $status over $out" status_is 1
        check "message over $out" says "$out: exists, and is not an HDF5 file with a dataset \"prediction\".*"
    done
    for out in p.csv p.NPY; do
        launch "$ranks" predict --model $model --data classes.h5 --out $out
        status=$?
        check "status $status of $out" status_is 2
        check "message of $out" says "$out: the output is an HDF5 file.*: call it p\.h5"
    done
    check "other files than before" same "$(files .)" "$before"
    rm -r run predicted.h5 empty.h5 notes best.h5 other.h5
done

name=normalize
for ranks in 1 3; do
    launch "$ranks" --data classes.h5 --normalize standard --lr 0.5 --batch-size 2 --epochs 60 --quiet \
        --checkpoint run
    status=$?
    check "status $status" status_is 0
    launch "$ranks" info run/step-0000000180.h5 >output
    check "info" grep -q '^Inputs:     normalised' output
    launch "$ranks" evaluate --model run/step-0000000180.h5 --data classes.h5 >output
    check "evaluate" grep -Eqx 'Accuracy: (83|100)\.[0-9]{2} %' output
    rm -r run
done

# With a learning rate of 0 no epoch is better than the first.
name=patience
for ranks in 1 3; do
    launch "$ranks" --lr 0 --epochs 9 --val-fraction 0.1 --patience 2 --log run.jsonl --checkpoint best >output
    status=$?
    check "status $status" status_is 0
    check "epochs" same "$(grep -c '^Epoch' output)" 3
    check "says why" grep -Eq '^No better validation loss for 2 epochs; the best was [0-9.]+ after epoch 1$' output
    check "the checkpoint to use" same "$(tail -n 1 output | sed 's/[0-9]\.[0-9]*/N/')" \
        'Best by validation: best/best.h5 (loss N, after epoch 1)'
    rm -r best
    check "RMSE and R^2" grep -Eq '^  Mean loss: [0-9.]+; Validation, Loss: [0-9.]+, RMSE: [0-9.]+, R\^2: -?[0-9.]+;' output
    check "end" grep -q '"status":"finished","epochs":3,"global_step":27' run.jsonl
    check "val_r2" grep -q '"val_rmse":[0-9.]*,"val_mae":[0-9.]*,"val_r2":-*[0-9.]*,' run.jsonl
    rm run.jsonl
done

# Several targets have scores of their own, by name, and their means.
name=targets
for ranks in 1 3; do
    launch "$ranks" --data $F/targets.h5 --epochs 1 --val-fraction 0.2 --quiet --log run.jsonl --checkpoint run --overwrite
    number='"rmse":[0-9.]*,"mae":[0-9.]*,"r2":-*[0-9.]*'
    check "val_targets" grep -q "\"val_targets\":\[{$number},{$number}\]" run.jsonl
    launch "$ranks" evaluate --model run --data $F/targets.h5 >output
    check "a line of each" same "$(sed -E 's/-?[0-9]+\.[0-9]+/N/g; s/ +/ /g' output)" 'Model: run/best.h5
Loss: N
RMSE: N
MAE: N
R^2: N
 RMSE MAE R^2 of
 N N N size
 N N N price'
    for score in 1:RMSE 2:MAE 3:R^2; do
        check "$score is not the mean" awk -v of="${score#*:}:" -v column="${score%:*}" '
            $1 == of { mean = $2 }
            NF == 4 && $4 ~ /size|price/ { sum += $column }
            END { exit !(sum != 0 && sum / 2 - mean < 0.00011 && mean - sum / 2 < 0.00011) }' output
    done
    launch "$ranks" evaluate --model run --data $F/targets_row.h5 >output
    check "R^2 of a row" grep -qx 'R^2: nan' output
    check "says why" grep -q '^dtrain: warning: R^2 is not defined for a single row$' <(errors)
done
launch 1 --data $F/targets.h5 --val-data $F/targets_row.h5 --epochs 1 --lr 0 --quiet --log run.jsonl --overwrite
check "validation on a row" grep -q '^dtrain: warning: the validation has a single row, .*R^2' <(errors)
check "its R^2" grep -q '"val_mae":[0-9.]*,"val_r2":null,' run.jsonl
rm -r run run.jsonl

# Evaluation drops nothing, so it says the same twice.
name=between
for ranks in 1 3; do
    launch "$ranks" --data classes.h5 --hidden 8,8 --layer-norm --dropout 0.2 --optimizer adamw --batch-size 2 \
        --epochs 20 --quiet --checkpoint run
    status=$?
    check "status $status" status_is 0
    model=run/step-0000000060.h5
    launch "$ranks" info $model >output
    check "info" grep -q ' relu, layer norm, dropout 0.2, cross-entropy' output
    check "tensors" same "$(grep -c '^[0-9]*\.\(weight\|bias\) ' output)" 10
    check "the last one's number" grep -q '^8\.bias  *\[3\] ' output
    launch "$ranks" evaluate --model $model --data classes.h5 >output
    launch 2 evaluate --model $model --data classes.h5 >output.2
    check "evaluate" same "$(<output)" "$(<output.2)"
    launch "$ranks" --data classes.h5 --hidden 8,8 --layer-norm --dropout 0.2 --init-from $model --quiet
    status=$?
    check "status $status" status_is 0
    rm -r run
done

name=config
launch 3 --config $F/good.conf --epochs 1 --data $F/good.h5 >output
status=$?
check "status $status" status_is 0
check "the command line does not win" grep -qx 'Epoch 1/1' output
check "batch-size of the file" same "$(grep -c '^  Step' output)" 2

name=log
printf '{"event":"start","ranks":1}\n' >run.jsonl # of an earlier run
for ranks in 1 3; do
    launch "$ranks" --log run.jsonl --log-steps 5 --epochs 2 --checkpoint run --checkpoint-every 9e --quiet --overwrite
    status=$?
    check "status $status" status_is 0
    check "lines" same "$(sed 's/{"event":"\([a-z]*\)".*}$/\1/' run.jsonl | uniq -c |
        tr -s ' \n' ' ')" " 1 start 2 step 1 epoch 2 step 1 epoch 1 checkpoint 1 end "
    rm -r run
done
rm run.jsonl

name=odd
launch 3 --data "$F/100 %s of %d.h5" --epochs 1 >output
status=$?
check "status $status" status_is 0
check "name of the file" grep -q '100 %s of %d.h5: 12 samples of 1 feature,' output
launch 3 --data $F/good.h5 --batch-size 9000000000000000 --epochs 9007199254740992 --max-steps 3 \
    >output
status=$?
check "status $status with large numbers" status_is 0
check "one step an epoch" same "$(grep -c '^  Step 1,' output)" 3

name=init_from
launch 3 --data $F/good.h5 --init-from $F/weights.h5 --epochs 1 --quiet
status=$?
check "status $status" status_is 0

name=pipe_as_data
mkfifo pipe
launch 1 --data pipe
status=$?
check "status $status" status_is 1
check "message" says 'pipe: not a regular file, so not an HDF5 file'
for ranks in 1 3; do
    launch "$ranks" --data $F/link.h5
    status=$?
    check "status $status of a link to it on $ranks ranks" status_is 1
    check "message of a link to it on $ranks ranks" says '\.\./fixtures/link\.h5: .*'
done

# Somebody writes the file anew while it is streamed: most of it is gone, or the last chunk alone, which only one
# rank needs; or all of it is there, but other numbers.
name=cut_data
"$fixtures_program" long other.h5
rm -f run.jsonl
for ranks in 1 3; do
    for change in 'truncate -s 100000' 'truncate -s -1000' 'cp --no-preserve=all other.h5'; do
        cp $F/long.h5 long.h5
        launch "$ranks" --data long.h5 --memory 100k --batch-size 1000 --epochs 1000000 --log run.jsonl \
            --log-steps 0 --quiet &
        launched=$!
        wait_until has_line_or_ended '"event":"epoch"' run.jsonl
        $change long.h5
        wait $launched
        status=$?
        check "status $status on $ranks ranks" status_is 1
        check "message on $ranks ranks" \
            says 'long\.h5: cannot read rows [0-9]+ to [0-9]+ of "[xy]": the file has been .* since it was opened'
        check "the log does not end with it" grep -q '"event":"end","status":"failed"' run.jsonl
        rm long.h5 run.jsonl
    done
done
rm other.h5

name=unreadable
if ((EUID == 0)) && command -v setpriv >/dev/null; then
    mkdir -m 777 open
    cp $F/good.h5 open/secret.h5
    chmod 0 open/secret.h5
    place=$PWD/open
    output=$(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups bash -c \
        "cd '$place' && HOME=/ '$program' --data secret.h5" 2>&1 </dev/null)
    status=$?
    if [[ $output == *secret.h5* ]]; then
        check "status $status" status_is 1
        check "message" same "$output" "dtrain: error: secret.h5: Permission denied"
    else
        skip "another user cannot start the program here: $(head -n 1 <<<"$output")"
    fi
    rm -r open
else
    skip "needs root and setpriv"
fi

name=closed_output
for ranks in 1 3; do
    # mpirun itself ends here, by what it takes for a bug of its own, and bash would tell of that
    { launch "$ranks" --epochs 2000 --max-steps 20000 | head -n 1 >output; } 2>/dev/null
    status=${PIPESTATUS[0]}
    check "status $status on $ranks ranks with a reader that goes away" test "$status" -ne 0
    check "a process is left on $ranks ranks" no_survivor
    if ((ranks == 1)); then
        check "status $status" status_is 1
        check "message" says 'standard output: cannot be written: Broken pipe'
    fi
done
launch 1 --data $F/good.h5 --checkpoint run >&-
status=$?
check "status $status when closed" status_is 1
check "message" says 'standard output: cannot be written: Bad file descriptor'
rm -rf run
launch 1 --data $F/good.h5 --quiet --log run.jsonl --checkpoint run >&-
status=$?
check "status $status when closed and quiet" status_is 0
rm -rf run run.jsonl
launch 3 --help >/dev/full
launch 1 --help >/dev/full
status=$?
check "status $status of a full output" status_is 1
check "message" says 'standard output: cannot be written: No space left on device'

# A file that may not grow further (ulimit -f; MPI's own need 4 MB) is a failed write, and leaves nothing half-written.
name=size_limit
seq 1 400000 | sed 's/$/,1.5/' >long.csv
launch 1 convert long.csv long.h5 --target 2 >output
mkdir limited
# limited RANKS REGEX ARGUMENT...
limited() {
    (ulimit -f 4500 && launch "$1" "${@:3}") >output
    status=$?
    check "status $status of $2" status_is 1
    check "message of $2" says "limited/$2: .*(larger than a file may be|File too large).*"
    check "something half-written" same "$(echo limited/*.tmp.* limited/run/*.tmp.*)" \
        'limited/*.tmp.* limited/run/*.tmp.*'
}
if (ulimit -f 4500 && launch 3 --epochs 1 --quiet); then
    seq 1 1300000 | sed 's/$/,1.5/' >longer.csv
    limited 1 'c\.h5' convert longer.csv --target 2 limited/c.h5
    limited 1 'run/step-0000000010\.h5' --hidden 900,900 --momentum 0.9 --epochs 1 --quiet --checkpoint limited/run
    launch 1 --data long.h5 --lr 0 --batch-size 100000 --epochs 1 --hidden 1 --checkpoint long --quiet
    launch 1 convert longer.csv longer.h5 --target 2 >output
    limited 3 'p\.h5' predict --model "$(echo long/step-*)" --data longer.h5 --out limited/p.h5
    limited 1 'run\.jsonl' --epochs 10000 --quiet --log limited/run.jsonl
    check "a log's last line is whole" same "$(tail -c 1 limited/run.jsonl | od -An -c | tr -d ' ')" '\n'
else
    skip "this MPI needs larger files"
fi
rm -r limited long*

name=pipe
rm -f pipe
mkfifo pipe
launch 1 --quiet --log pipe
status=$?
check "status $status of a pipe that nobody reads" status_is 1
check "message" says 'pipe: is a pipe or a device that no process reads'
exec {both}<>pipe {reader}<pipe # so that it has a reader by now
cat <&"$reader" >"read" {both}>&- &
launch 1 --quiet --log pipe
status=$?
exec {both}>&- {reader}<&-
wait $!
check "status $status of one that is read" status_is 0
check "lines" same "$(grep -c '"event":"step"' read)" 50
rm pipe read

# Memory for files (/dev/shm) that has no room: checkpoints and predictions need none.
name=no_room_in_memory
# shellcheck disable=SC2016
if unshare -m true 2>/dev/null; then
    for size in 4k 16k; do
        output=$(unshare -m bash -c 'mount -t tmpfs -o size=$1 tmpfs /dev/shm && shift && "$@" 2>&1 && ls -A /dev/shm' \
            shm $size "$program" --quiet --checkpoint small)
        status=$?
        check "status $status with $size" status_is 0
        check "something printed, or left there" same "$output" ''
        check "checkpoints" same "$(echo small/*)" \
            'small/step-0000000030.h5 small/step-0000000040.h5 small/step-0000000050.h5'
        rm -rf small
    done
else
    skip "needs root, and leave to mount"
fi

name=killed_rank
for victim in first last; do
    launch 3 --epochs 100000000 --checkpoint run --log-every 1000000 >output &
    launched=$!
    wait_for "run/step-*.h5"
    mapfile -t ids < <(processes)
    if [[ $victim == first ]]; then
        kill -9 "${ids[0]}"
    else
        kill -9 "${ids[-1]}"
    fi
    begin=$SECONDS
    wait $launched
    status=$?
    check "status 0" test $status -ne 0
    check "hangs" test $((SECONDS - begin)) -le $limit
    check "a process is left" no_survivor
    launch 1 --epochs 1 --checkpoint run --resume >output
    status=$?
    check "status $status of --resume" status_is 0
    check "does not go on" grep -q '^Nothing is left to do: this run has ended with run/step-' output
    check "something half-written" gone run/*.tmp.* run/.d*
    rm -rf run
done

# As under a launcher that does not end the others: here one that has been stopped. In memory they wait
# for each other, with windows for rows that are on their way.
name=lost_rank
for memory in 1G 20k; do
    launch 3 --epochs 100000000 --memory $memory --quiet --log lost.jsonl --log-steps 100 >output &
    launched=$!
    wait_until has_line_or_ended '"event":"step"' lost.jsonl
    victim=$(processes | tail -n 1)
    parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$victim/status")
    kill -STOP "$parent"
    wait_until grep -q '^State:.T' "/proc/$parent/status"
    kill -9 "$victim"
    wait_until some_error
    check "message with --memory $memory" \
        says 'rank [0-2] \(process [0-9]+\) has ended without a word: the run cannot go on'
    kill -CONT "$parent"
    wait $launched
    status=$?
    check "status 0" test $status -ne 0
    check "a process is left with --memory $memory" no_survivor
    rm lost.jsonl
done

# ---- A disk that fills up -------------------------------------------------------------------------

name=full_disk
disk=$work/disk

# fill KILOBYTES: the disk, with a checkpoint of an earlier run, and only so much more room
fill() {
    rm -rf "${disk:?}"/*
    mkdir "$disk/run"
    cp $F/model.h5 "$disk/run/not-of-a-run.h5"
    local room
    room=$(df --output=avail -k "$disk" | tail -n 1)
    head -c $(((room - $1) * 1024)) /dev/zero >"$disk/ballast"
    before=$(files "$disk" | grep -v ballast)
}

# full WHAT RANKS KILOBYTES REGEX ARGUMENT...: says so, and leaves the disk as it was
full() {
    fill "$3"
    launch "$2" "${@:5}" >output
    status=$?
    check "status $status of $1 on $2 ranks" status_is 1
    check "message of $1 on $2 ranks" says "$4"
    check "$1 on $2 ranks left something" same "$(files "$disk" | grep -v ballast)" "$before"
    check "a process is left" no_survivor
}

seq 1 3000 | sed 's/.*/&,1.5,2,3,4,5,6,7,8,9/' >many.csv
launch 1 convert many.csv many.h5 --target -1
launch 1 --data many.h5 --lr 0 --epochs 1 --checkpoint many --quiet
mv many/step-*.h5 linear.h5
mkdir "$disk"
if mount -t tmpfs -o size=4m tmpfs "$disk" 2>/dev/null; then
    trap 'umount "$disk"' EXIT
    for ranks in 1 3; do
        full "a large checkpoint" $ranks 40 '.*/step-0000000005\.h5: no space left on the disk' \
            --data $F/good.h5 --hidden 20000 --lr 1e-5 --checkpoint ../disk/run --checkpoint-every 5 --batch-size 12 --quiet
        full "a small checkpoint" $ranks 4 '.*/step-0000000005\.h5: no space left on the disk' \
            --data $F/good.h5 --hidden 700 --checkpoint ../disk/run --checkpoint-every 5 --batch-size 12 --quiet
        full "no room at all" $ranks 0 '\.\./disk/run: cannot write to this folder: No space left on device' \
            --data $F/good.h5 --checkpoint ../disk/run --checkpoint-every 5 --batch-size 12 --quiet
        full "a prediction" $ranks 8 '.*/p\.h5: no space left on the disk' \
            predict --model ../here/linear.h5 --data ../here/many.h5 --out ../disk/p.h5
        full "a small prediction" $ranks 0 '.*/p\.h5: no space left on the disk' \
            predict --model $F/model.h5 --data $F/good.h5 --out ../disk/p.h5
    done
    full "a data set" 1 8 '.*/c\.h5: no space left on the disk' \
        convert many.csv ../disk/c.h5 --target 1
    full "a small data set" 1 0 '.*/c\.h5: no space left on the disk' \
        convert $F/table.csv ../disk/c.h5 --target 1
    for ranks in 1 3; do
        fill 8
        launch $ranks --epochs 200 --quiet --log ../disk/run.jsonl
        status=$?
        check "status $status of a log" status_is 1
        check "message of a log" says '.*/run\.jsonl: cannot be written: No space left on device'
    done
else
    skip "needs root, and leave to mount a small file system"
fi

# ---- A launcher that gives a rank of two threads one core -----------------------------------------

# cores_under_way ARGUMENT...: on how many cores the threads of such a run may be when it trains, together; the model is
# large enough to wake the second thread
cores_under_way() {
    local id
    rm -f bound.jsonl bound.pid
    # shellcheck disable=SC2016
    "${mpiexec[@]}" 1 --bind-to core bash -c 'echo $$ >bound.pid && exec "$@"' bound \
        "$program" --epochs 100000000 --hidden 128,128 --quiet --log bound.jsonl --threads 2 "$@" >/dev/null 2>&1 \
        </dev/null &
    launched=$!
    wait_until has_line_or_ended '"event":"step"' bound.jsonl
    id=$(<bound.pid)
    cat "/proc/$id/task"/*/status | sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' | tr ',' '\n' |
        awk -F- '{ for (i = $1; i <= $NF; i++) cpu[i] } END { print length(cpu) }'
    kill -USR1 "$id"
    wait
}

name=bound
if [[ $("${mpiexec[0]}" --version 2>&1) =~ Open(\ MPI|RTE) ]] && (($(nproc) > 1)); then
    check "not two cores" same "$(cores_under_way)" 2
    check "--bind keep does not keep" same "$(cores_under_way --bind keep)" 1
    echo "bind = keep" >keep.conf
    check "nor in a file" same "$(cores_under_way --config keep.conf)" 1
    printf 'epochs = 2\nlog-every = 10\n' |
        timeout $limit "${mpiexec[@]}" 1 --bind-to core "$program" --config /dev/stdin >output 2>/dev/null
    check "a file through a pipe" grep -q '^Finished: 2 epochs' output
else
    skip "needs Open MPI, and two cores"
fi

echo "$checks checks, $failures failed"
((failures == 0))
