# SPDX-License-Identifier: Apache-2.0
# By flow/completion.py.
# perimeter in bash: source it, or put it where bash-completion looks.
_perimeter() {
    COMPREPLY=()
    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option= key= op= i=$((COMP_CWORD - 1))
    # The shell takes NAME=VALUE apart.
    if [[ $cur == = ]]; then
        cur= key=${COMP_WORDS[COMP_CWORD - 1]}
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        key=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == *=* ]]; then
        key=${cur%%=*} cur=${cur#*=}
    fi
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "$(_perimeter_of commands) --help --version" -- "$cur"))
        return
    fi
    if [[ $key == --* ]]; then
        option=$key key=
    else # the last option, which may take several values
        while ((i > 1)); do
            [[ ${COMP_WORDS[i]} == -* ]] && option=${COMP_WORDS[i]} && break
            i=$((i - 1))
        done
        # One that takes a single value has it already, or is a switch.
        case $option in
        -i | --in | -o | --out | -s | --set) [[ $command == op ]] || ((i == COMP_CWORD - 1)) || [[ $key ]] || option= ;;
        *) ((i == COMP_CWORD - 1)) || { [[ $key && $option == --place ]]; } || option= ;;
        esac
        [[ $option && -z $(_perimeter_of "takes-$command" "$option") && $option != -[ioswxeh] ]] && option=
    fi
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$(_perimeter_of "options-$command")" -- "$cur"))
        return
    fi
    if [[ $command == op ]]; then
        for ((i = 2; i < COMP_CWORD; i++)); do
            [[ -n $(_perimeter_of "in-${COMP_WORDS[i]}")$(_perimeter_of "out-${COMP_WORDS[i]}") ]] && op=${COMP_WORDS[i]} && break
        done
        case $option in
        -e) option=--engine ;;
        -i | --in) [[ $key ]] || { _perimeter_keys "in-$op" "$cur"; return; } ;;
        -o | --out) [[ $key ]] || { _perimeter_keys "out-$op" "$cur"; return; } ;;
        -s | --set)
            if [[ $key ]]; then COMPREPLY=($(compgen -W "$(_perimeter_of "value-$op" "$key")" -- "$cur")); else _perimeter_keys "set-$op" "$cur"; fi
            return
            ;;
        -x | --sample)
            COMPREPLY=($(compgen -W "$(_perimeter_of "sample-$op")" -- "$cur"))
            return
            ;;
        '')
            if [[ -z $op ]]; then
                COMPREPLY=($(compgen -W "$(_perimeter_of ops)" -- "$cur"))
                return
            fi
            ;;
        esac
    elif [[ $option == --place && $key ]]; then
        COMPREPLY=($(compgen -W "$(_perimeter_of systems)" -- "$cur"))
        return
    elif [[ $option == --set && $command != chip ]]; then
        [[ $key ]] || _perimeter_keys settings "$cur"
        return
    fi
    case $(_perimeter_of "takes-$command" "$option") in
    *'|'*) COMPREPLY=($(compgen -W "$(_perimeter_of "takes-$command" "$option" | tr '|' ' ')" -- "$cur")) ;;
    '' | file) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
}
_perimeter_keys() { # LIST CUR: names that a value follows
    COMPREPLY=($(compgen -W "$(_perimeter_of "$1")" -S = -- "$2"))
    compopt -o nospace 2>/dev/null || true
}
_perimeter_of() { # QUESTION [ABOUT]
    case "$*" in
    'commands') echo 'op run infer inspect calibrate chip compile partition search report score sweep doctor help' ;;
    'ops') echo 'bitsift col-scan dcim-gemv emsbq flare-apb flare-attention flare-gemv fp-norm head-norm hyflex-gemv hyflex-module kv-write mix-gemv mlc-shift-add msb-parse nmc-mac nmc-xor nor-dot nor-mul partition prealign ptft pva-cost pva-gemv sar-ctrl sfu-act sfu-exp sfu-fp16 sfu-norm sfu-quant sfu-rope sfu-scale sfu-softmax shift-add therm-enc tiny-gemv toggles vdr-softmax vdr-tile wake xbar-cost xbar-gemv' ;;
    'systems') echo 'flare host hyflex int8 khwa nmc products requant xbar' ;;
    'settings') echo 'flare.kvb flare.preset flare.wo-scale flare.norm flare.round flare.coding-x flare.coding-q flare.coding-o flare.gpc flare.eplanes flare.q flare.exponents flare.sparsity flare.noise flare.adc flare.tmr flare.sigma-r flare.read-noise flare.sense-offset hyflex.cell hyflex.slc-percent hyflex.rank-order hyflex.rank-sigma hyflex.noise hyflex.weights hyflex.flip hyflex.adc hyflex.sars hyflex.digital hyflex.lanes hyflex.mlc-sigma hyflex.slc-sigma hyflex.verify hyflex.pulses hyflex.read-noise hyflex.stuck-on hyflex.stuck-off hyflex.drift hyflex.time hyflex.replica hyflex.wire hyflex.sar-mismatch hyflex.sar-offset hyflex.sar-noise int8.inputs khwa.engine khwa.theta khwa.mode khwa.fmt khwa.xbits khwa.bx khwa.wbits khwa.rx khwa.rw khwa.align khwa.table khwa.coding khwa.mlc-sigma khwa.read-noise khwa.wire nmc.mode nmc.order nmc.skip nmc.misreads nmc.advance nmc.e-read nmc.e-sa nmc.e-mul nmc.e-xor products.qk-w products.qk-a products.av-w products.av-a products.cell products.rows products.cols products.adc xbar.w xbar.a xbar.cell xbar.rows xbar.cols xbar.adc xbar.sigma xbar.read-noise' ;;
    'options-op') echo '--engine --in --out --set --wave --sample --help' ;;
    'takes-op --engine') echo 'golden|rtl|both' ;;
    'takes-op --in') echo 'file' ;;
    'takes-op --out') echo 'file' ;;
    'takes-op --set') echo 'value' ;;
    'takes-op --wave') echo 'file' ;;
    'takes-op --sample') echo 'value' ;;
    'options-run') echo '--columns --config --data --header --pairs --place --plan --prompt --quiet --replay --score-column --set --summary --ablation-images --ablation-pairs --ablation-windows --array-budget --batch --copies --endurance --engine --eplanes --fidelity --gpc --images --preset --q --rate --rtl-images --rtl-layer --rtl-tokens --seed --temperature --threads --tokenizer-seconds --tokens --windows --help' ;;
    'takes-run --columns') echo 'value' ;;
    'takes-run --config') echo 'file' ;;
    'takes-run --data') echo 'file' ;;
    'takes-run --pairs') echo 'file' ;;
    'takes-run --place') echo 'value' ;;
    'takes-run --plan') echo 'file' ;;
    'takes-run --prompt') echo 'value' ;;
    'takes-run --replay') echo 'file' ;;
    'takes-run --score-column') echo 'value' ;;
    'takes-run --set') echo 'value' ;;
    'takes-run --summary') echo 'file' ;;
    'takes-run --ablation-images') echo 'value' ;;
    'takes-run --ablation-pairs') echo 'value' ;;
    'takes-run --ablation-windows') echo 'value' ;;
    'takes-run --array-budget') echo 'value' ;;
    'takes-run --batch') echo 'value' ;;
    'takes-run --copies') echo 'integer|fluid' ;;
    'takes-run --endurance') echo 'value' ;;
    'takes-run --engine') echo 'golden|rtl|both' ;;
    'takes-run --eplanes') echo 'value' ;;
    'takes-run --fidelity') echo '0|1' ;;
    'takes-run --gpc') echo 'value' ;;
    'takes-run --images') echo 'value' ;;
    'takes-run --preset') echo 'value' ;;
    'takes-run --q') echo 'value' ;;
    'takes-run --rate') echo 'value' ;;
    'takes-run --rtl-images') echo 'value' ;;
    'takes-run --rtl-layer') echo 'value' ;;
    'takes-run --rtl-tokens') echo 'value' ;;
    'takes-run --seed') echo 'value' ;;
    'takes-run --temperature') echo 'value' ;;
    'takes-run --threads') echo 'value' ;;
    'takes-run --tokenizer-seconds') echo 'value' ;;
    'takes-run --tokens') echo 'value' ;;
    'takes-run --windows') echo 'value' ;;
    'options-infer') echo '--in --out --place --plan --ranges --rtl --seed --set --summary --help' ;;
    'takes-infer --in') echo 'file' ;;
    'takes-infer --out') echo 'file' ;;
    'takes-infer --place') echo 'value' ;;
    'takes-infer --plan') echo 'file' ;;
    'takes-infer --ranges') echo 'file' ;;
    'takes-infer --rtl') echo 'value' ;;
    'takes-infer --seed') echo 'value' ;;
    'takes-infer --set') echo 'value' ;;
    'takes-infer --summary') echo 'file' ;;
    'options-inspect') echo '--operators --shape --help' ;;
    'takes-inspect --shape') echo 'value' ;;
    'options-calibrate') echo '--activations --data --images --output --percentile --weights --help' ;;
    'takes-calibrate --activations') echo 'symmetric|affine' ;;
    'takes-calibrate --data') echo 'file' ;;
    'takes-calibrate --images') echo 'value' ;;
    'takes-calibrate --output') echo 'file' ;;
    'takes-calibrate --percentile') echo 'value' ;;
    'takes-calibrate --weights') echo 'layer|channel' ;;
    'options-chip') echo '--config --measured --output --place --set --system --help' ;;
    'takes-chip --config') echo 'file' ;;
    'takes-chip --measured') echo 'file' ;;
    'takes-chip --output') echo 'file' ;;
    'takes-chip --place') echo 'value' ;;
    'takes-chip --set') echo 'value' ;;
    'takes-chip --system') echo 'value' ;;
    'options-compile') echo '--cell --map --output --policy --shape --xbar --help' ;;
    'takes-compile --cell') echo 'value' ;;
    'takes-compile --map') echo 'dc|of|dr' ;;
    'takes-compile --output') echo 'file' ;;
    'takes-compile --policy') echo 'file' ;;
    'takes-compile --shape') echo 'value' ;;
    'takes-compile --xbar') echo 'value' ;;
    'options-partition') echo '--budget --data --energy --images --output --sram --help' ;;
    'takes-partition --budget') echo 'value' ;;
    'takes-partition --data') echo 'file' ;;
    'takes-partition --energy') echo 'value' ;;
    'takes-partition --images') echo 'value' ;;
    'takes-partition --output') echo 'file' ;;
    'takes-partition --sram') echo 'value' ;;
    'options-search') echo '--cell --data --descent --drop --episodes --images --method --output --seed --xbar --help' ;;
    'takes-search --cell') echo 'value' ;;
    'takes-search --data') echo 'file' ;;
    'takes-search --descent') echo 'value' ;;
    'takes-search --drop') echo 'value' ;;
    'takes-search --episodes') echo 'value' ;;
    'takes-search --images') echo 'value' ;;
    'takes-search --method') echo 'exhaustive|esch|ddpg|single' ;;
    'takes-search --output') echo 'file' ;;
    'takes-search --seed') echo 'value' ;;
    'takes-search --xbar') echo 'value' ;;
    'options-report') echo '--output --help' ;;
    'takes-report --output') echo 'file' ;;
    'options-score') echo '--labels --logits --summary --texts --help' ;;
    'takes-score --labels') echo 'file' ;;
    'takes-score --logits') echo 'file' ;;
    'takes-score --summary') echo 'file' ;;
    'takes-score --texts') echo 'file' ;;
    'options-sweep') echo '--output --help' ;;
    'takes-sweep --output') echo 'file' ;;
    'options-doctor') echo '--help' ;;
    'options-help') echo '--help' ;;
    'in-bitsift') echo 'x' ;;
    'out-bitsift') echo 'accesses masks dummy plane' ;;
    'set-bitsift') echo 'coding bits signed slice mode eplanes' ;;
    'sample-bitsift') echo 'signed small scan long empty timing' ;;
    'value-bitsift coding') echo 'twos sign' ;;
    'value-bitsift signed') echo '0 1' ;;
    'value-bitsift slice') echo '8 16 32' ;;
    'value-bitsift mode') echo 'split scan next' ;;
    'value-bitsift eplanes') echo '0 1' ;;
    'in-col-scan') echo 'value' ;;
    'out-col-scan') echo 'code' ;;
    'set-col-scan') echo 'bits sars' ;;
    'sample-col-scan') echo 'planes timing' ;;
    'value-col-scan bits') echo '6 7' ;;
    'value-col-scan sars') echo '1 2 4 8' ;;
    'in-dcim-gemv') echo 'x w' ;;
    'out-dcim-gemv') echo 'y' ;;
    'set-dcim-gemv') echo 'xbits signed g' ;;
    'sample-dcim-gemv') echo 'tiles unsigned timing' ;;
    'value-dcim-gemv signed') echo '0 1' ;;
    'in-emsbq') echo 'x' ;;
    'out-emsbq') echo 'y s' ;;
    'set-emsbq') echo 'q signed round' ;;
    'sample-emsbq') echo 'signed truncated unsigned 64-bit timing' ;;
    'value-emsbq signed') echo '0 1' ;;
    'value-emsbq round') echo '0 1' ;;
    'in-flare-apb') echo 'x ex wq wk wv wo bq bk bv bo mask' ;;
    'out-flare-apb') echo 'y e cycles' ;;
    'set-flare-apb') echo 'heads s0 e0 mk mv kvb round coding-x coding-q coding-o causal prefill' ;;
    'sample-flare-apb') echo 'masked plain decoded timing' ;;
    'value-flare-apb round') echo '0 1' ;;
    'value-flare-apb coding-x') echo 'twos sign' ;;
    'value-flare-apb coding-q') echo 'twos sign' ;;
    'value-flare-apb coding-o') echo 'twos sign' ;;
    'value-flare-apb causal') echo '0 1' ;;
    'in-flare-attention') echo 'x ex wq wk wv wo bq bk bv bo mask' ;;
    'out-flare-attention') echo 'y e cycles' ;;
    'set-flare-attention') echo 'heads s0 e0 mk mv kvb round coding-x coding-q coding-o causal prefill' ;;
    'sample-flare-attention') echo 'masked plain decoded timing' ;;
    'value-flare-attention round') echo '0 1' ;;
    'value-flare-attention coding-x') echo 'twos sign' ;;
    'value-flare-attention coding-q') echo 'twos sign' ;;
    'value-flare-attention coding-o') echo 'twos sign' ;;
    'value-flare-attention causal') echo '0 1' ;;
    'in-flare-gemv') echo 'x w' ;;
    'out-flare-gemv') echo 'y accesses' ;;
    'set-flare-gemv') echo 'wbits coding mode eplanes arrays' ;;
    'sample-flare-gemv') echo 'signed unsigned arrays scan timing' ;;
    'value-flare-gemv coding') echo 'twos sign' ;;
    'value-flare-gemv mode') echo 'split scan next' ;;
    'value-flare-gemv eplanes') echo '0 1' ;;
    'value-flare-gemv arrays') echo '1 2 4 8 16' ;;
    'in-fp-norm') echo 'dpv p' ;;
    'out-fp-norm') echo 'y flags' ;;
    'sample-fp-norm') echo 'ends any' ;;
    'in-head-norm') echo 'o z' ;;
    'out-head-norm') echo 'y' ;;
    'set-head-norm') echo 'mode' ;;
    'sample-head-norm') echo 'edges timing' ;;
    'value-head-norm mode') echo 'recip pow2 none' ;;
    'in-hyflex-gemv') echo 'x w' ;;
    'out-hyflex-gemv') echo 'y clips' ;;
    'set-hyflex-gemv') echo 'cell weights flip adc' ;;
    'sample-hyflex-gemv') echo 'tiles two-bit differential clipping two-bit-clipping timing' ;;
    'value-hyflex-gemv cell') echo '1 2' ;;
    'value-hyflex-gemv weights') echo 'offset differential' ;;
    'value-hyflex-gemv flip') echo '0 1' ;;
    'value-hyflex-gemv adc') echo '6 7 ideal' ;;
    'in-hyflex-module') echo 'x w' ;;
    'out-hyflex-module') echo 'y q' ;;
    'set-hyflex-module') echo 'cell m s' ;;
    'sample-hyflex-module') echo 'tiles two-bit timing' ;;
    'value-hyflex-module cell') echo '1 2' ;;
    'in-kv-write') echo 'k v ex' ;;
    'out-kv-write') echo 'k v' ;;
    'set-kv-write') echo 'mk mv kvb round' ;;
    'sample-kv-write') echo 'passes timing' ;;
    'value-kv-write round') echo '0 1' ;;
    'in-mix-gemv') echo 'x w' ;;
    'out-mix-gemv') echo 'y dest' ;;
    'set-mix-gemv') echo 'mode fmt bx bw rx rw signed theta align adc' ;;
    'sample-mix-gemv') echo 'float integer small timing' ;;
    'value-mix-gemv mode') echo 'ii if fi ff' ;;
    'value-mix-gemv fmt') echo 'bf16 fp16 e4m3' ;;
    'value-mix-gemv rx') echo '0 1' ;;
    'value-mix-gemv rw') echo '0 1' ;;
    'value-mix-gemv signed') echo '0 1' ;;
    'value-mix-gemv align') echo 'kernel layer input product' ;;
    'value-mix-gemv adc') echo 'exact default' ;;
    'in-mlc-shift-add') echo 'code flip pop' ;;
    'out-mlc-shift-add') echo 'y' ;;
    'set-mlc-shift-add') echo 'cell weights' ;;
    'sample-mlc-shift-add') echo 'one-bit two-bit pairs two-bit-pairs timing' ;;
    'value-mlc-shift-add cell') echo '1 2' ;;
    'value-mlc-shift-add weights') echo 'offset differential' ;;
    'in-msb-parse') echo 'x shift' ;;
    'out-msb-parse') echo 'y' ;;
    'set-msb-parse') echo 'bits round' ;;
    'sample-msb-parse') echo 'shifts long' ;;
    'value-msb-parse round') echo '0 1' ;;
    'in-nmc-mac') echo 'x w' ;;
    'out-nmc-mac') echo 'y stats' ;;
    'set-nmc-mac') echo 'signed order skip' ;;
    'sample-nmc-mac') echo 'tiles unsigned timing' ;;
    'value-nmc-mac signed') echo '0 1' ;;
    'value-nmc-mac order') echo 'once vwm snake' ;;
    'value-nmc-mac skip') echo '0 1' ;;
    'in-nmc-xor') echo 'x w' ;;
    'out-nmc-xor') echo 'y t_xor' ;;
    'sample-nmc-xor') echo 'tiles one timing' ;;
    'in-nor-dot') echo 'q k a v' ;;
    'out-nor-dot') echo 's y cost' ;;
    'set-nor-dot') echo 'heads arrays' ;;
    'sample-nor-dot') echo 'heads grouped timing' ;;
    'in-nor-mul') echo 'a b' ;;
    'out-nor-mul') echo 'y' ;;
    'set-nor-mul') echo 'abits bbits asigned bsigned' ;;
    'sample-nor-mul') echo 'int8 unsigned timing' ;;
    'value-nor-mul asigned') echo '0 1' ;;
    'value-nor-mul bsigned') echo '0 1' ;;
    'in-partition') echo 's e bits' ;;
    'out-partition') echo 'cfg moves' ;;
    'set-partition') echo 'budget cap' ;;
    'sample-partition') echo 'layers' ;;
    'in-prealign') echo 'u' ;;
    'out-prealign') echo 'q emax flags' ;;
    'set-prealign') echo 'fmt bits round group' ;;
    'sample-prealign') echo 'bf16 fp16 e4m3 timing' ;;
    'value-prealign fmt') echo 'bf16 fp16 e4m3' ;;
    'value-prealign round') echo '0 1' ;;
    'value-prealign group') echo 'row all' ;;
    'in-ptft') echo 'w' ;;
    'out-ptft') echo 'y' ;;
    'set-ptft') echo 'r' ;;
    'sample-ptft') echo 'all' ;;
    'in-pva-cost') echo 'layers' ;;
    'out-pva-cost') echo 'accesses conventional' ;;
    'set-pva-cost') echo 'xbits wbits n0 lo hi k' ;;
    'sample-pva-cost') echo 'resnet20 wide' ;;
    'in-pva-gemv') echo 'x w' ;;
    'out-pva-gemv') echo 'y accesses clips' ;;
    'set-pva-gemv') echo 'xbits wbits signed coding n0 lo hi k' ;;
    'sample-pva-gemv') echo 'default exact tiles timing' ;;
    'value-pva-gemv signed') echo '0 1' ;;
    'value-pva-gemv coding') echo 'diff offset' ;;
    'in-sar-ctrl') echo 'vin_q8' ;;
    'out-sar-ctrl') echo 'code' ;;
    'set-sar-ctrl') echo 'bits' ;;
    'sample-sar-ctrl') echo '7-bit 6-bit timing' ;;
    'value-sar-ctrl bits') echo '6 7' ;;
    'in-sfu-act') echo 'x up' ;;
    'out-sfu-act') echo 'y' ;;
    'set-sfu-act') echo 'kind' ;;
    'sample-sfu-act') echo 'codes gated' ;;
    'value-sfu-act kind') echo 'gelu gelu-tanh silu' ;;
    'in-sfu-exp') echo 'x' ;;
    'out-sfu-exp') echo 'y' ;;
    'sample-sfu-exp') echo 'codes' ;;
    'in-sfu-fp16') echo 'a b c' ;;
    'out-sfu-fp16') echo 'y flags' ;;
    'set-sfu-fp16') echo 'f m e' ;;
    'sample-sfu-fp16') echo 'products scaled roots timing' ;;
    'value-sfu-fp16 f') echo 'add sub mul fma div sqrt max i2f' ;;
    'in-sfu-norm') echo 'x gamma beta' ;;
    'out-sfu-norm') echo 'y' ;;
    'set-sfu-norm') echo 'kind m e lanes' ;;
    'sample-sfu-norm') echo 'rows' ;;
    'value-sfu-norm kind') echo 'layer rms' ;;
    'in-sfu-quant') echo 'x' ;;
    'out-sfu-quant') echo 'q amax' ;;
    'set-sfu-quant') echo 'lanes' ;;
    'sample-sfu-quant') echo 'rows' ;;
    'in-sfu-rope') echo 'x c s' ;;
    'out-sfu-rope') echo 'y' ;;
    'set-sfu-rope') echo 'lanes' ;;
    'sample-sfu-rope') echo 'pairs' ;;
    'in-sfu-scale') echo 'row a m e bias onto' ;;
    'out-sfu-scale') echo 'y sm se' ;;
    'set-sfu-scale') echo 'row scores' ;;
    'sample-sfu-scale') echo 'sums reciprocals timing' ;;
    'value-sfu-scale row') echo 'code sum' ;;
    'value-sfu-scale scores') echo '0 1' ;;
    'in-sfu-softmax') echo 'a keep' ;;
    'out-sfu-softmax') echo 'a8 z p' ;;
    'set-sfu-softmax') echo 'm e bits lanes' ;;
    'sample-sfu-softmax') echo 'rows timing' ;;
    'in-shift-add') echo 'code plane neg accesses' ;;
    'out-shift-add') echo 'y' ;;
    'set-shift-add') echo 'wbits xbits rows' ;;
    'sample-shift-add') echo 'vectors timing' ;;
    'in-therm-enc') echo 'a' ;;
    'out-therm-enc') echo 'code' ;;
    'sample-therm-enc') echo 'columns edges timing' ;;
    'in-tiny-gemv') echo 'x w' ;;
    'out-tiny-gemv') echo 'y' ;;
    'set-tiny-gemv') echo 'xbits signed depthwise' ;;
    'sample-tiny-gemv') echo 'matrix depthwise timing' ;;
    'value-tiny-gemv signed') echo '0 1' ;;
    'value-tiny-gemv depthwise') echo '0 1' ;;
    'in-toggles') echo 'w' ;;
    'out-toggles') echo 't' ;;
    'sample-toggles') echo 'all' ;;
    'in-vdr-softmax') echo 'x ne mask' ;;
    'out-vdr-softmax') echo 'a z' ;;
    'set-vdr-softmax') echo 's0 round' ;;
    'sample-vdr-softmax') echo 'masked edges timing' ;;
    'value-vdr-softmax round') echo '0 1' ;;
    'in-vdr-tile') echo 'x ne v mask' ;;
    'out-vdr-tile') echo 'a shift reference z o' ;;
    'set-vdr-tile') echo 's0 tile round' ;;
    'sample-vdr-tile') echo 'masked whole timing' ;;
    'value-vdr-tile round') echo '0 1' ;;
    'in-wake') echo 'bits run' ;;
    'out-wake') echo 'cycles end' ;;
    'set-wake') echo 'pwr bus cap' ;;
    'sample-wake') echo 'network any-size timing' ;;
    'in-xbar-cost') echo 'layers policy' ;;
    'out-xbar-cost') echo 't tiles' ;;
    'set-xbar-cost') echo 'cell rows cols map twrite tmvm' ;;
    'sample-xbar-cost') echo 'layers vgg-16 large' ;;
    'value-xbar-cost map') echo 'dc of dr' ;;
    'in-xbar-gemv') echo 'x w' ;;
    'out-xbar-gemv') echo 'y clips' ;;
    'set-xbar-gemv') echo 'wbits abits cell signed rows adc' ;;
    'sample-xbar-gemv') echo 'tiles mixed clipping timing' ;;
    'value-xbar-gemv signed') echo '0 1' ;;
    esac
}
complete -o filenames -F _perimeter perimeter
