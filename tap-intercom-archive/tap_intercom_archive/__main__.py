"""`python -m tap_intercom_archive` is `tap-intercom-archive`."""

from tap_intercom_archive.tap import TapIntercomArchive

TapIntercomArchive.cli()
