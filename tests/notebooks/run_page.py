"""Run a page from a fresh kernel on whatever checkpoint ``BGE_M3`` names; what it says is not compared.

    python tests/notebooks/run_page.py notebooks/03_encoder_stack.ipynb [--keep FOLDER]

Prints what the page printed. Exit code 1 and the cell's error if one fails; ``--keep`` writes the executed
page into a folder, as an artefact to look at.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


def main() -> int:
    """Run the page named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    page = nbformat.read(options.page, as_version=4)
    metadata = {"metadata": {"path": str(options.page.resolve().parent)}}
    client = NotebookClient(page, timeout=1200, kernel_name="python3", resources=metadata)
    failed = ""
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        failed = str(error) or type(error).__name__
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    print("".join(output.text for output in outputs if output.output_type == "stream"))
    failed += "".join(output.text for output in outputs if output.get("name") == "stderr")
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        nbformat.write(page, options.keep / options.page.name)
    print(failed or f"{options.page.name}: no cell failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
