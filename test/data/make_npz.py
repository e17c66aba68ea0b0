"""Writes the archives that npz.test.ts and statisticsFile.test.ts read, as NumPy makes them: `python test/data/make_npz.py` (NumPy 2.4.6)."""

import pathlib

import numpy

here = pathlib.Path(__file__).parent
matrix = numpy.arange(12, dtype=numpy.float32).reshape(3, 4) / 4
arrays = {
    "mom2.constructor": numpy.array("util.runningstats.SecondMoment()"),
    "mom2.count": numpy.array(44_000_000_123),
    "mom2.mom2": matrix,
    "sample_size": numpy.array(100_000),
    "fortran": numpy.asfortranarray(numpy.arange(24, dtype=numpy.int32).reshape(2, 3, 4)),
    "double": numpy.array([0.1, -2e300]),
    "half": numpy.array([1.5, -0.1, 65504, 6e-8], dtype=numpy.float16),
    "flags": numpy.array([True, False, True]),
    "bytes": numpy.array([0, 255], dtype=numpy.uint8),
    "tokens": numpy.array(["The", " Space", " Štastný 🌉", ""]),
    "kind": numpy.array(""),
    "empty": numpy.zeros((0, 4), dtype=numpy.float32),
}
numpy.savez(here / "numpy_stored.npz", **arrays)
numpy.savez_compressed(here / "numpy_deflated.npz", **arrays)
numpy.savez(here / "numpy_pickled.npz", mom2=numpy.array([{"a": 1}], dtype=object))


def moment(n, dtype):
    row = numpy.arange(n)
    matrix = (numpy.outer(row, row) % 7 / 4).astype(dtype)
    numpy.fill_diagonal(matrix, 900)
    return {
        "mom2.constructor": numpy.array("util.runningstats.SecondMoment()"),
        "mom2.count": numpy.array(44_000_000_123),
        "mom2.mom2": matrix,
        "sample_size": numpy.array(100_000),
    }


numpy.savez(here / "moment_stored.npz", **moment(40, numpy.float32))
numpy.savez_compressed(here / "moment_deflated.npz", **moment(300, numpy.float64))
