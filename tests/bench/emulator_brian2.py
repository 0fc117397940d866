#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a dense network of 512 neurons on the emulated chip and in Brian2, and prints JSON lines: wall
time and work of one millisecond of chip time in each, and how much longer Brian2 takes.

    ninja -C build bench
    tests/bench/emulator_brian2.py build/bench

512 leaky neurons fire around 20 kHz; 512 sources of 20 kHz reach 256 of them each; membranes are noisy
and all neurons different. The emulated chip is taken twice: its analog half alone, from events of
synapse drivers to spikes, and the whole machine, from instruction words to answers. Brian2 solves the
same equations from spikes to spikes (C++ standalone, one thread, steps of 0.1 us). All run on the same
core, one after the other; what comes before a run - building, opening, configuring, calibrating, loading
- counts in none. Figures are medians. Needs Brian2 (on Debian: apt-get install python3-brian, and its
Python, /usr/bin/python3); the test suite does not. With --folder the compiled program is kept, and the
next call does not build it again."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

STEP_US = 0.1
KERNELS = ("avx512", "avx2", "portable")  # the fastest first, as the emulated chip chooses
ALIKE = 1.1  # spikes or events of one network over those of another, at most


def print_line(name, unit, value, **more):
    print(json.dumps({"name": name, "unit": unit, "value": float(f"{value:.4g}"), **more}), flush=True)


def run_bench(command, name, runs):
    """The line that begins with a name, of the median of some runs of a benchmark, each of which gives a
    median of its own; None where it prints no such line."""
    figures = []
    for _ in range(runs):
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        figures += [f for f in map(json.loads, lines.splitlines()) if f["name"].startswith(name)]
        if not figures:
            return None
    figures.sort(key=lambda f: f["value"])
    return figures[len(figures) // 2]


def run_analog(folder, runs):
    """The analog half alone, by the fastest kernel that this processor has, on one thread."""
    for kernel in KERNELS:
        found = run_bench([folder / "bench_emulator_analog", kernel, "1"],
                          f"1 ms of dense activity, {kernel}, 1 thread", runs)
        if found:
            return found
    raise SystemExit("emulator_brian2: bench_emulator_analog prints no dense activity")


def run_chip(folder, runs):
    """The whole machine, from words to words."""
    found = run_bench([folder / "bench_emulator_chip", "dense"],
                      "1 ms of a dense network, words to words", runs)
    if not found:
        raise SystemExit("emulator_brian2: bench_emulator_chip prints no dense network")
    return found


def build_brian2(folder, chip_ms):
    """The same network in Brian2, compiled. Times are those of the chip; potentials in units of the
    distance from rest to threshold."""
    import brian2 as b
    import numpy

    b.set_device("cpp_standalone", directory=folder, build_on_run=False)
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    b.defaultclock.dt = STEP_US * b.us
    random = numpy.random.default_rng(1)
    neurons = b.NeuronGroup(512, """
        dv/dt = (rest - v + excitatory - inhibitory) / tau_m
                + 0.03 * xi * sqrt(2 / tau_m) : 1 (unless refractory)
        dexcitatory/dt = -excitatory / tau_e : 1
        dinhibitory/dt = -inhibitory / tau_i : 1
        rest : 1 (constant)
        threshold : 1 (constant)
        tau_m : second (constant)
        tau_e : second (constant)
        tau_i : second (constant)
        """, threshold="v > threshold", reset="v = -0.5", refractory=2 * b.us, method="euler")
    spread = random.standard_normal((5, 512))
    neurons.rest = 0.05 * spread[0]
    neurons.threshold = 1 + 0.05 * spread[1]
    neurons.tau_m = 6 * numpy.exp(0.12 * spread[2]) * b.us
    neurons.tau_e = 6 * numpy.exp(0.2 * spread[3]) * b.us
    neurons.tau_i = 6 * numpy.exp(0.2 * spread[4]) * b.us
    period_us = 50
    count = int(chip_ms * 1000 / period_us) + 2
    times = numpy.cumsum(period_us * (0.5 + random.random((512, count))), axis=1)
    times -= period_us * random.random((512, 1))
    index = numpy.repeat(numpy.arange(512), count)
    times = times.ravel()
    inside = (times > 0) & (times < chip_ms * 1000)
    bins = numpy.round(times / STEP_US).astype(int)
    _, once = numpy.unique(index * 10**9 + bins, return_index=True)
    inside &= numpy.isin(numpy.arange(len(times)), once)
    sources = b.SpikeGeneratorGroup(512, index[inside], bins[inside] * STEP_US * b.us)
    groups = [neurons, sources]
    for sign, variable, strength in ((0, "excitatory", 0.1102), (1, "inhibitory", 0.07)):
        synapses = b.Synapses(sources, neurons, "weight : 1 (constant)",
                              on_pre=f"{variable}_post += weight")
        source, target = numpy.meshgrid(numpy.arange(sign, 512, 2), numpy.arange(512),
                                        indexing="ij")
        same = source // 256 == target // 256  # each half of the sources has its half of the neurons
        synapses.connect(i=source[same], j=target[same])
        synapses.weight = strength * (1 + 0.03 * random.standard_normal(same.sum()))
        groups.append(synapses)
    groups.append(b.SpikeMonitor(neurons, record=True))
    b.Network(groups).run(chip_ms * b.ms)
    b.device.build(directory=folder, compile=True, run=False, debug=False)


def run_brian2(folder, chip_ms, runs):
    """Wall ms a chip ms, and work of a chip ms: the median of some runs of the compiled program, by its
    own clock, which runs while the network does."""
    results = pathlib.Path(folder, "results")
    wall = []
    for _ in range(runs):
        subprocess.run(["./main"], cwd=folder, check=True, capture_output=True)
        wall.append(float((results / "last_run_info.txt").read_text().split()[0]))

    def count(pattern):
        return round(next(results.glob(pattern)).stat().st_size / 8 / chip_ms, 1)

    work = {"spikes": count("_dynamic_array_spikemonitor_t_*"),
            "events": count("_dynamic_array_spikegeneratorgroup_spike_time_*"), "steps": round(1000 / STEP_US)}
    return sorted(wall)[runs // 2] * 1e3 / chip_ms, work


def are_alike(networks):
    """Do all networks have as many spikes and events?"""
    for what in ("spikes", "events"):
        counts = [work[what] for work in networks]
        if max(counts) > ALIKE * min(counts):
            print(f"emulator_brian2: the networks have {counts} {what} a ms: this is no comparison",
                  file=sys.stderr)
            return False
    return True


def compare(arguments, folder):
    """Build where nothing is built yet, and run all three."""
    if not pathlib.Path(folder, "main").exists():
        build_brian2(folder, arguments.chip_ms)
    os.sched_setaffinity(0, {arguments.core})
    analog = run_analog(arguments.benches, arguments.runs)
    print_line("1 ms of a dense network, analog half alone", "ms", analog["value"],
               per_ms=analog["per_ms"])
    chip = run_chip(arguments.benches, arguments.runs)
    print_line("1 ms of a dense network, words to words", "ms", chip["value"],
               analog_half=chip["analog_half"], digital_half=chip["digital_half"],
               per_ms=chip["per_ms"])
    brian2, work = run_brian2(folder, arguments.chip_ms, arguments.runs)
    print_line("1 ms of a dense network, Brian2", "ms", brian2, per_ms=work)
    print_line("Brian2 over the analog half alone", "times", brian2 / analog["value"])
    print_line("Brian2 over words to words", "times", brian2 / chip["value"])
    return 0 if are_alike([analog["per_ms"], chip["per_ms"], work]) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("benches", type=pathlib.Path, help="folder of the benchmarks, such as build/bench")
    parser.add_argument("--chip-ms", type=float, default=10, help="chip time in Brian2 (default 10)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)),
                        help="processor core that runs both (default the last)")
    parser.add_argument("--folder", help="keep the compiled Brian2 program here, of the same chip time")
    arguments = parser.parse_args()
    try:
        import brian2  # noqa: F401
    except ImportError as error:
        print(f"emulator_brian2: Brian2 is not there ({error}): install it (on Debian: apt-get "
              "install python3-brian) and use the Python that it belongs to, /usr/bin/python3",
              file=sys.stderr)
        return 2
    if arguments.folder:
        return compare(arguments, arguments.folder)
    with tempfile.TemporaryDirectory() as folder:
        return compare(arguments, folder)


if __name__ == "__main__":
    sys.exit(main())
