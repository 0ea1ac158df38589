# SPDX-License-Identifier: Apache-2.0
# Counts design rule violations of layout.def in magic, by its rules for SCN6M_SUBM, and extracts its netlist into layout.spice:
# flow/layout.py runs it. Cells are the LEF's abstracts.
path sys +/usr/share/qflow/tech/osu018
tech load SCN6M_SUBM.10 -noprompt
drc off
lef read $env(LEF)
def read layout.def
load $env(TOP)
select top cell
expand
drc euclidean on
drc on
drc check
drc catchup
foreach {why boxes} [drc listall why] {puts "[llength $boxes] $why [lrange $boxes 0 3]"}
puts "@drc [drc list count total]"
drc off
extract do local
foreach what {capacitance coupling resistance adjust} {extract no $what}
extract unique notopports
extract all
ext2spice lvs
ext2spice subcircuits top on
ext2spice -o layout.spice $env(TOP)
quit -noprompt
