"""Build hook: a wheel carries inside what a checkout has beside the package."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BESIDE = ("app.py", ".streamlit", "sample_images")


class BundleHook(BuildHookInterface):
    """Puts the dashboard's entry, its look and the sample clients below `tracker/bundled`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable install uses the checkout and copies nothing."""
        if version == "editable":
            return
        for name in BESIDE:
            if (Path(self.root) / name).exists():
                build_data["force_include"][str(Path(self.root) / name)] = f"tracker/bundled/{name}"
