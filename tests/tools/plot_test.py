# SPDX-License-Identifier: MIT
"""`bss plot`: what is drawn, and what is refused."""
import random
import re
import struct
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree
import zlib

from support import BSS, Case

SVG = "{http://www.w3.org/2000/svg}"


class Plot(Case):
    def draw(self, kind, text, *options, name="out.svg"):
        self.write("in.csv", text)
        self.bss("plot", kind, "in.csv", "-o", name, *options)
        return (self.folder / name).read_bytes()

    def marks(self, svg):
        """Paths of an SVG by stroke colour: number of line segments of each."""
        counts = {}
        for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
            colour = re.search(r"stroke:([^;]+)", path.get("style", ""))
            if colour and colour[1] != "none":
                segments = path.get("d").count("L")
                counts[colour[1]] = counts.get(colour[1], 0) + segments
        return counts

    def test_each_spike_is_one_mark(self):
        one = self.marks(self.draw("raster", "time_s,neuron\n0.001,3\n"))
        three = self.marks(self.draw("raster", "time_s,neuron\n0.001,3\n0.002,5\n0.003,8\n"))
        blue = [colour for colour in three if three[colour] == 3]
        self.assertEqual(len(blue), 1)
        self.assertEqual(one[blue[0]], 1)

    def test_groups_have_different_colours(self):
        rows = "".join(f"{i}e-3,{i},g{i}\n" for i in range(7))
        plain = set(self.marks(self.draw("raster", "time_s,neuron\n0,0\n")))
        grouped = set(self.marks(self.draw("raster", "time_s,neuron,group\n" + rows)))
        self.assertEqual(len(grouped | plain), len(plain) + 6)

    def test_the_size_of_a_figure_is_limited_however_many_spikes_there_are(self):
        rows = "".join(f"{i % 997}e-3,{i % 5}\n" for i in range(60000))
        more = "".join(f"{i % 997}e-3,{i % 5}\n" for i in range(120000))
        self.assertEqual(sum(self.marks(self.draw("raster", "time_s,neuron\n" + rows)).values()),
                         sum(self.marks(self.draw("raster", "time_s,neuron\n" + more)).values()))

    def test_the_same_data_give_the_same_bytes(self):
        text = "time_s,a,b\n" + "".join(f"{i}e-6,{i * i % 17},{i % 5}\n" for i in range(500))
        for name in ["a.svg", "a.png"]:
            self.assertEqual(self.draw("trace", text, name=name),
                             self.draw("trace", text, name=name))
        self.assertNotEqual(self.draw("trace", text), self.draw("trace", text.replace(",16,", ",15,")))

    def test_a_peak_of_one_sample_among_many_is_seen(self):
        rows = ["%g,0\n" % (i * 1e-7) for i in range(100000)]
        rows[54321] = "%g,1\n" % (54321 * 1e-7)
        svg = self.draw("trace", "time_s,v\n" + "".join(rows), "--size", "720x420").decode()
        line = re.search(r'stroke:rgb\(0%,45%,70%\)[^>]* d="([^"]*)"', svg)[1]
        heights = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", line)]
        self.assertGreater(max(heights) - min(heights), 250)

    def test_a_png_has_two_pixels_a_point(self):
        data = self.draw("raster", "time_s,neuron\n0,0\n", "--size", "300x200", name="a.png")
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", data[16:24]), (600, 400))
        self.assertEqual(zlib.crc32(data[12:29]), struct.unpack(">I", data[29:33])[0])

    def test_odd_but_good_tables_are_drawn(self):
        for kind, text in [("raster", "time_s,neuron\n"), ("raster", "time_s,neuron,group\n"),
                           ("raster", "time_s,neuron\r\n0,4294967295\r\n"),
                           ("raster", "time_s,neuron\n-1,0\n-1,0"),
                           ("trace", "time_s,v\n"), ("trace", "time_s,v\n5,7\n"),
                           ("trace", "time_s,v\n0,1e300\n1,-1e300\n"),
                           ("trace", "time_s,v <&> (lsb),w (lsb)\n0,1,2\n0,3,4\n")]:
            with self.subTest(text):
                ElementTree.fromstring(self.draw(kind, text, "--title", "<&>"))

    def test_standard_input_is_a_file(self):
        self.bss("plot", "trace", "-", "-o", "a.svg", text="time_s,v\n0,1\n1,2\n")
        ElementTree.parse(self.folder / "a.svg")

    def test_a_malformed_table_is_refused_with_file_and_line(self):
        rows = [
            ("raster", "", "in.csv: the file is empty, its first line must be time_s,neuron"),
            ("raster", "time,neuron\n", "in.csv:1: column 1 is named 'time'"),
            ("raster", "time_s\n", "in.csv:1: only 1 columns"),
            ("raster", "time_s,neuron,group,more\n", "in.csv:1: more than 3 columns"),
            ("raster", "time_s,neuron\n0,1\n0\n", "in.csv:3: fewer than the 2 cells"),
            ("raster", "time_s,neuron\n0,1,2\n", "in.csv:2: more than the 2 cells"),
            ("raster", "time_s,neuron\n0,1\n\n", "in.csv:3: '' in column 'time_s' is no number"),
            ("raster", "time_s,neuron\n0,x\n", "in.csv:2: 'x' in column 'neuron' is no number"),
            ("raster", "time_s,neuron\n1e999,0\n", "in.csv:2: '1e999' in column 'time_s'"),
            ("raster", "time_s,neuron\nnan,0\n", "in.csv:2: 'nan' in column 'time_s'"),
            ("raster", "time_s,neuron\n0,0.5\n", "in.csv:2: neuron 0.5: neurons are whole"),
            ("raster", "time_s,neuron\n0,1\n0,-1\n", "in.csv:3: neuron -1: neurons are whole"),
            ("raster", "time_s,neuron\n0,4294967296\n", "in.csv:2: neuron 4.29497e+09"),
            ("raster", "time_s,neuron\n0,\0\n", "in.csv:2: a zero byte"),
            ("trace", "time_s,v\n1,0\n0.5,0\n", "in.csv:3: time 0.5 s comes after 1 s"),
            ("trace", "time_s,v,\n", "in.csv:1: column 3 is named ''"),
            ("raster", "time_s,neuron,group\n" + "".join(f"0,0,{i}\n" for i in range(1025)),
             "in.csv:1026: more than 1024 different groups"),
        ]
        for kind, text, message in rows:
            with self.subTest(message):
                self.write("in.csv", text)
                self.refuse("plot", kind, "in.csv", "-o", "a.svg", message=message)
                self.assertFalse((self.folder / "a.svg").exists())

    def test_a_damaged_table_is_drawn_or_refused_but_nothing_else(self):
        random.seed(1)
        whole = b"time_s,neuron,group\n" + b"".join(b"%d.5e-3,%d,g%d\n" % (i, i, i % 3)
                                                    for i in range(20))
        for _ in range(150):
            text = bytearray(whole)
            for _ in range(random.randrange(1, 6)):
                at = random.randrange(len(text))
                text[at:at + random.randrange(4)] = random.choice(
                    [b"", b",", b"\n", b"\0", b"\xff", b"-", b"1e", b"e308", b"\r\n", b"nan"])
            self.write("in.csv", bytes(text))
            result = subprocess.run([BSS, "plot", "raster", "in.csv", "-o", "a.svg"],
                                    capture_output=True, cwd=self.folder, env=self.environment)
            self.assertIn(result.returncode, (0, 1), (text, result.stderr))
            self.assertEqual(result.returncode == 1, result.stderr.startswith(b"bss: "))

    def test_files_that_cannot_be_used_are_named(self):
        self.write("in.csv", "time_s,neuron\n0,0\n")
        self.refuse("plot", "raster", "none.csv", "-o", "a.svg", message="none.csv: No such file")
        self.refuse("plot", "raster", "in.csv", "-o", "no/a.svg", message="no/a.svg: No such file")
        self.refuse("plot", "raster", "in.csv", "-o", "a.jpg", message="must end in .svg or .png")
        self.refuse("plot", "raster", ".", "-o", "a.svg", message=".: Is a directory")


if __name__ == "__main__":
    unittest.main()
