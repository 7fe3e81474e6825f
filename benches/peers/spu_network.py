"""The six blocks and the global average of DeepCardio (25 windows of 512 samples) under SPU's Cheetah, two processes on loopback.

Started by compare.py inside its virtual environment; prints one JSON object: wall seconds, CPU seconds and bytes of the second
(warm) run, and the greatest error against JAX in the clear. Weights and input are random: they do not change the cost.
"""
import json, pickle, resource, subprocess, sys, tempfile, time
import numpy as np

CHANNELS = [1, 8, 16, 32, 64, 128, 256]
RUNS = 2


def network(x, *weights):
    import jax.numpy as jnp
    from jax import lax
    for kernel, bias in zip(weights[::2], weights[1::2]):
        x = lax.conv_general_dilated(x, kernel, (1, 1), [(0, 0), (2, 2)], dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
        x = jnp.maximum(jnp.maximum(x[:, :, 0::2, :], x[:, :, 1::2, :]), 0.0)
    return jnp.mean(x, axis=(1, 2))


def inputs():
    rng = np.random.default_rng(7)
    values = [rng.standard_normal((25, 1, 512, 1))]
    for channels, outputs in zip(CHANNELS, CHANNELS[1:]):
        values += [rng.standard_normal((1, 5, channels, outputs)) * np.sqrt(2 / (5 * channels)), 0.1 * rng.standard_normal(outputs)]
    return [value.astype(np.float32) for value in values]


def loopback_bytes():
    with open("/proc/net/dev") as lines:
        return next(int(line.split(":")[1].split()[0]) for line in lines if line.strip().startswith("lo:"))


def configuration(libspu, field, fraction_bits):
    config = libspu.RuntimeConfig()
    config.ParseFromJsonString(json.dumps({"protocol": "CHEETAH", "field": field, "cheetah_2pc_config": {"ot_kind": "YACL_Ferret"}}))
    config.fxp_fraction_bits = fraction_bits
    config.max_concurrency = 2
    config.experimental_enable_colocated_optimization = True
    return config


def party(rank, job_file):
    import spu.libspu as libspu
    from spu import api
    with open(job_file, "rb") as file:
        job = pickle.load(file)
    link = libspu.link.Desc()
    link.recv_timeout_ms = link.http_timeout_ms = 600_000
    for peer in range(2):
        link.add_party(f"party{peer}", f"127.0.0.1:{job['port'] + peer}")
    context = libspu.link.create_brpc(link, rank)
    runtime = api.Runtime(context, configuration(libspu, job["field"], job["fraction_bits"]))
    program = libspu.Executable(name="network", input_names=job["inputs"], output_names=job["outputs"], code=job["code"])
    for name, (meta, chunks) in zip(job["inputs"], job["shares"][rank]):
        share = libspu.Share()
        share.meta, share.share_chunks = meta, chunks
        runtime.set_var(name, share)
    for _ in range(RUNS):
        bytes_before, cpu_before, start = loopback_bytes(), resource.getrusage(resource.RUSAGE_SELF), time.time()
        runtime.run(program)
        wall, cpu = time.time() - start, resource.getrusage(resource.RUSAGE_SELF)
        used = cpu.ru_utime + cpu.ru_stime - cpu_before.ru_utime - cpu_before.ru_stime
        measured = {"wall": wall, "cpu": used, "bytes": loopback_bytes() - bytes_before}
    result = [(share.meta, share.share_chunks) for share in (runtime.get_var(name) for name in job["outputs"])]
    with open(f"{job_file}.{rank}", "wb") as file:
        pickle.dump((measured, result), file)


def main(field, fraction_bits):
    import jax
    import spu.libspu as libspu
    import spu.utils.frontend as frontend
    from spu import api
    values = inputs()
    expected = np.array(jax.jit(network)(*values))
    names = ["x"] + [f"w{index}" for index in range(len(values) - 1)]
    private, secret = libspu.Visibility.VIS_PRIVATE, libspu.Visibility.VIS_SECRET
    program, _ = frontend.compile(frontend.Kind.JAX, network, values, {}, names, [secret] + [private] * (len(values) - 1),
                                  lambda outputs: [f"y{index}" for index in range(len(outputs))])
    sharing = libspu.RuntimeConfig(protocol=libspu.ProtocolKind.CHEETAH, field=getattr(libspu.FieldType, field))
    sharing.fxp_fraction_bits = fraction_bits
    sharing.experimental_enable_colocated_optimization = True
    io = api.Io(2, sharing)
    shares = [io.make_shares(values[0], secret)] + [io.make_shares(value, secret, 1) for value in values[1:]]
    job = {"port": 23460, "field": field, "fraction_bits": fraction_bits, "code": program.code, "inputs": program.input_names,
           "outputs": program.output_names, "shares": [[(s[rank].meta, s[rank].share_chunks) for s in shares] for rank in range(2)]}
    with tempfile.NamedTemporaryFile(suffix=".job") as file:
        pickle.dump(job, file)
        file.flush()
        parties = [subprocess.Popen([sys.executable, __file__, str(rank), file.name], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for rank in range(2)]
        if any(process.wait() for process in parties):
            sys.exit("a party of the peer failed")
        measured, outputs = zip(*(pickle.load(open(f"{file.name}.{rank}", "rb")) for rank in range(2)))
    revealed = []
    for output in outputs:
        share = libspu.Share()
        share.meta, share.share_chunks = output[0]
        revealed.append(share)
    error = np.abs(np.array(io.reconstruct(revealed)).reshape(expected.shape) - expected).max()
    print(json.dumps({"wall": max(m["wall"] for m in measured), "cpu": sum(m["cpu"] for m in measured),
                      "bytes": measured[0]["bytes"], "error": float(error)}))


if __name__ == "__main__":
    if sys.argv[1] in ("0", "1"):
        party(int(sys.argv[1]), sys.argv[2])
    else:
        main(sys.argv[1], int(sys.argv[2]))
