# What a contributor runs. Each recipe but `ci`, `constant-time` and `mutations` is a step of `.ci/step`; `.ci/run` is the whole gate.

# The recipes.
default:
    @just --list

# All tests.
test:
    @.ci/step test

# Formatting.
fmt:
    @.ci/step fmt

# Lints, on all targets and features.
lint:
    @.ci/step lint

# Documentation.
doc:
    @.ci/step doc

# Licences, duplicate versions, sources and advisories of the dependencies.
deny:
    @.ci/step deny

# The systemd unit, by systemd-analyze.
unit:
    @.ci/step unit

# Import circles and arrows from a lower to a higher layer.
layers:
    @.ci/step layers

# Every fuzz target, or those named, for FUZZ_SECONDS each.
fuzz *TARGETS:
    @.ci/step fuzz {{TARGETS}}

# The tests of the unsafe code under AddressSanitizer.
asan:
    @.ci/step asan

# Secret-dependent branches and addresses of the oblivious transfers and the non-linear steps, by valgrind.
constant-time:
    @.ci/constant-time

# Whether the estimates of attacks are those that their scripts compute.
estimates:
    @.ci/step estimates

# Whether a time depends on a secret: t-tests of every primitive, TIMING_SECONDS each at most.
timing *NAME:
    @.ci/step timing {{NAME}}

# Long sessions on the real model for SOAK_SECONDS, every answer checked.
soak:
    @.ci/step soak

# Honest clients beside attackers, at a server with default settings, for SIEGE_SECONDS each.
siege:
    @.ci/step siege

# 10,000 changed copies of each ECG file: read right, or refused, or said.
mutations:
    ECG_MUTATIONS=10000 cargo test --locked -p ecg --test formats mutated -- --nocapture

# What precedes a release: acceptance, soak, sanitizer, fuzz targets.
release:
    @.ci/step release

# Measures every layer; draws the table and the figure.
bench:
    @.ci/step bench

# All that decides whether a change lands.
ci:
    @.ci/run
