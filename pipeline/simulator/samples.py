"""Makes ``samples/``: real published figures and one simulated province-month, as an inbox.

Run ``python -m pipeline.simulator.samples`` to make them again; the same code gives the same bytes. Figures may be
copied, other people's sentences may not: only numbers and their sources stand there.
"""

import csv
import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.forms import Form, forms
from pipeline.forms.formulas import Figure
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import PROJECT
from pipeline.landing.sidecar import SIDECAR
from pipeline.simulator.simulation import simulate, write_correction
from pipeline.vocabulary import Scope

SAMPLES = PROJECT / "samples"
NEXT_NIGHT = PROJECT / "docs" / "next-night"

PrintedFigures = Mapping[tuple[str, str], Mapping[str, int | str]]
#: The report that this project began with: Kiên Giang, statistical year 2022, as printed (form 02 in thousand đồng).
KIEN_GIANG_2022: PrintedFigures = {
    ("01", "total.total"): {
        "judgments_received": 9838,
        "due": 20352,
        "newly_accepted": 12576,
        "eligible": 14647,
        "completed": 12056,
        "carried_over": 8122,
    },
    ("02", "total.total"): {
        "accepted_total": 3478152572,
        "due": 3405066268,
        "eligible": 2015887559,
        "completed": 1165081049,
        "eligible_share": "59.20",
        "completion_rate": "57.79",
    },
    ("09", "total"): {"visits": 191, "people": 195},
    ("09", "leaders"): {"visits": 135, "people": 139},
    ("discipline", "reprimand"): {"all_staff": 2},
    ("credit", "cases"): {"completion_rate": "29.24"},
    ("credit", "money"): {"completion_rate": "27.69", "share_of_due": "47.40"},
}

SEED = 2023
FAULTS = (
    "balance_broken@kien-giang.go-quao",
    "ratio_impossible@kien-giang.hon-dat",
    "truncated_zip@kien-giang.phu-quoc",
)
RETURNED = "balance_broken"
#: When the real report came is not known; put down is the day on which it was due, so that no file time makes it late.
RECEIVED_2022 = "2022-10-06T16:00:00"
SIDECAR_COLUMNS = ("path", "received_at", "sender", "sha256")
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def make_samples(samples: Path = SAMPLES, next_night: Path = NEXT_NIGHT) -> None:
    """Write the workbook of Kiên Giang 2022, the simulated province-month and its correction."""
    workbook = samples / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
    write_kien_giang(workbook)
    _note(workbook.with_name(SIDECAR), [(workbook.name, RECEIVED_2022, "", _sha256(workbook))])
    with tempfile.TemporaryDirectory() as folder:
        country = Path(folder)
        truth = simulate(country, 1, "2023-06", "2023-06", SEED, faults=FAULTS, consolidated=False)
        archive = samples / "simulated-2023-09.zip"
        lines = []
        for sidecar in sorted((country / "inbox").rglob(SIDECAR)):
            with sidecar.open(encoding="utf-8", newline="") as stream:
                for line in csv.DictReader(stream):
                    file = sidecar.parent / line["path"]
                    member = f"{archive.name}!/{file.relative_to(country / 'inbox').as_posix()}"
                    lines.append((member, line["received_at"], line["sender"], _sha256(file)))
            sidecar.unlink()  # nobody believes a list inside an archive
        _zip(country / "inbox", archive)
        _note(samples / SIDECAR, lines)
        shutil.rmtree(next_night, ignore_errors=True)
        (fault_id,) = [fault.id for fault in truth.faults if fault.kind == RETURNED]
        write_correction(truth, fault_id, next_night)


def write_kien_giang(
    path: Path, printed_figures: PrintedFigures = KIEN_GIANG_2022, *, revision: int = 1, reason: str = ""
) -> None:
    """Write the province's report of 2022 on our forms, with the figures that were printed and nothing else."""
    header = ReportHeader(
        unit_name="Cục THADS tỉnh Kiên Giang",
        unit_key="kien-giang",
        parent_name="Tổng cục THADS",
        scope=Scope.PROVINCE,
        period_start=date(2021, 10, 1),
        period_end=date(2022, 9, 30),
        revision=revision,
        reason=reason,
    )
    forms_in_force = forms().in_force(header.period_end or date.max)
    codes = dict.fromkeys(form for form, _ in printed_figures)
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = {code: _matrix(forms_in_force[code], printed_figures) for code in codes}
    write_workbook(path, header, [forms_in_force[code] for code in codes], figures)


def _matrix(form: Form, printed_figures: PrintedFigures) -> list[list[Figure]]:
    lines = {row: figures for (code, row), figures in printed_figures.items() if code == form.code}
    return [[_figure(lines.get(row.code, {}).get(column.code)) for column in form.columns] for row in form.rows]


def _figure(value: int | str | None) -> Figure:
    return Decimal(value) if isinstance(value, str) else value


def _note(sidecar: Path, lines: Iterable[tuple[str, str, str, str]]) -> None:
    with sidecar.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([SIDECAR_COLUMNS, *lines])


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _zip(folder: Path, archive: Path) -> None:
    """Pack a folder with fixed times, so that the same files give the same archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ZIP_EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            zip_file.writestr(member, path.read_bytes())


if __name__ == "__main__":
    make_samples()
