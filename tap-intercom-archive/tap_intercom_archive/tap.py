"""The plugin: settings, the order of the sync, the end of a run."""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from types import FrameType
from typing import IO, Any, NoReturn, cast

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.tap_base import CliTestOptionValue

from tap_intercom_archive import commandline, doctor, settings
from tap_intercom_archive.clock import Stop
from tap_intercom_archive.discovery import stream_classes
from tap_intercom_archive.errors import ArchiveError, Refusal, Stopped
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.messages import Writer
from tap_intercom_archive.report import INCOMPLETE
from tap_intercom_archive.resources import RESOURCES, Resource
from tap_intercom_archive.run import Run, connect
from tap_intercom_archive.streams import ArchiveStream, ResourceStream

# Meltano writes each STATE to its database twice, so not with every object.
CHECKPOINT_SECONDS = 1.0
_NO_READER = "The target ended before the tap did: see its own last line for why."


class Incomplete(ArchiveError):
    """The run ended, but not with everything it was asked for; the report says what is missing."""


class TapIntercomArchive(Tap):
    """Archive an Intercom workspace: every object in rows, every payload byte for byte."""

    name = "tap-intercom-archive"
    config_jsonschema = settings.DECLARATION.to_dict()
    message_writer_class = Writer
    # No BATCH: its files are announced later than the state that counts on them.
    capabilities = [  # noqa: RUF012  the SDK's own form
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without a run: discovery needs neither token nor network."""
        self._stop = Stop()
        # Taken once and for all by whoever says the last line.
        self._leaving = threading.Lock()
        self._checkpoint_at = time.monotonic()
        self._fetched_since_checkpoint = 0
        self.has_announced = False
        hush = commandline.Hush()
        self.logger.addFilter(hush)
        try:
            super().__init__(*args, **kwargs)
        finally:
            self.logger.removeFilter(hush)
        if not self.logger.isEnabledFor(logging.DEBUG):
            # Two lines per stream for machines; the report says the same to people.
            self.metrics_logger.setLevel(logging.WARNING)

    @cached_property
    def run(self) -> Run:
        """What the streams of this run share."""
        return Run.begin(self.config, self._user_agent, self._stop, self.logger)

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        return commandline.read_environment(schema, cls._env_var_prefix)

    @property
    def _user_agent(self) -> str:
        return f"{self.name}/{self.plugin_version}"

    @property
    def _replays(self) -> bool:
        """Say whether an archive is read instead of the API."""
        return bool(self.config.get("replay_path"))

    def discover_streams(self) -> Sequence[ArchiveStream]:
        """Give one stream per row of the table, and those cut out of their payloads."""
        return [stream_class(self) for stream_class in stream_classes()]

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Say what is wrong in sentences that never repeat a value: one of them is the token."""
        found = settings.problems(self.config)
        if not found and self._replays and not self.config.get("access_token"):
            return []  # The SDK would ask for the token.
        if not found:
            return super()._validate_config(raise_errors=raise_errors)
        if raise_errors:
            raise Refusal(" ".join(found))
        return found

    def warn(self) -> None:
        """Say what the settings hold without effect."""
        known = self.config_jsonschema["properties"]
        fetched = [row.name for row in RESOURCES]
        fetched += [cut.name for row in RESOURCES for cut in row.fed]
        fetched += [cut.name for row in RESOURCES for cut in row.cuts if cut.follow_up]
        for sentence in settings.oddities(self.config, known, fetched):
            self.logger.warning("%s", sentence)

    def checkpoint(self, *, fetched: bool) -> None:
        """Write a STATE message if the last one is long enough ago.

        Objects that were `fetched` whole cost a call each, which a killed run would have to make
        again, so no more of them than are in flight anyway go by without one.
        """
        self._fetched_since_checkpoint += fetched
        if (
            time.monotonic() - self._checkpoint_at >= CHECKPOINT_SECONDS
            or self._fetched_since_checkpoint >= self.run.settings.concurrency
        ):
            self.write_state()

    def write_state(self) -> None:
        """Write a STATE message, if the state has changed."""
        # A STATE before any SCHEMA would be taken for the state that this run began with. That of
        # a replay would say to a later run that Intercom had been asked.
        if not self.has_announced or self._replays:
            return
        self.state_writer.write_state(self.state)
        cast("Writer", self.message_writer).fit_pipe(self._fetched_since_checkpoint)
        self._checkpoint_at = time.monotonic()
        self._fetched_since_checkpoint = 0

    def sync_all(self) -> None:  # type: ignore[misc]
        """Sync the table's rows in order; the SDK's own loop ends at the first stream that fails.

        Raises Incomplete at the end of a run that could not get everything.
        """
        if self._replays:
            self._replay()
            return
        if self.state:
            # The very first message, so that a target can tell whether it holds that much.
            self.state_writer.write_state(self.state)
        wanted = [(row, stream) for row, stream in self._resource_streams() if stream.is_wanted]
        if not wanted:
            self.logger.warning(
                "No stream that is fetched is selected, so nothing will be: "
                "select one besides raw_payloads."
            )
        run = self.run
        for bookmark in self.state.get("bookmarks", {}).values():
            # Before anything of another workspace is written.
            Ledger(bookmark).check_workspace(run.workspace.id)
        for resource, stream in wanted:
            if not resource.is_served_by(run.settings.api_version):
                for name in stream.made():
                    run.report.unavailable(name, resource.since)
                continue
            if resource.asks_by and not getattr(run.settings, resource.asks_by):
                self.logger.warning(
                    "%s: nothing is asked for, since `%s` names nothing.",
                    resource.name,
                    resource.asks_by,
                )
                continue
            stream.sync()
            self.write_state()
        self._end()

    def _replay(self) -> None:
        """Write what an archive's payloads hold; no request is made and no STATE written."""
        try:
            from tap_intercom_archive.archived import open_archived
            from tap_intercom_archive.replaying import Replay
        except ImportError:
            raise Refusal(
                "`replay_path` needs what the extra `replay` brings: install it by "
                "`pip install 'tap-intercom-archive[replay]'`."
            ) from None
        if self.state:
            self.logger.warning("A replay begins at the archive's beginning: the state is unused.")
        run, streams = self.run, cast("dict[str, ArchiveStream]", self.streams)
        with open_archived(str(run.settings.replay_path)) as archived:
            for _ in Replay(archived, streams, run.report, self.logger).run():
                cast("Writer", self.message_writer).flush()
                run.stop.check()
        self._end()

    def _end(self) -> None:
        run = self.run
        run.report.end()
        # For whoever keeps states: a run has no other place that outlives it. It is no bookmark,
        # so the next run does not take it over.
        cast("dict[str, Any]", self.state)["run_report"] = run.report.to_state(run.client.now())
        self.write_state()
        run.workers.close()
        if not run.report.is_complete:
            raise Incomplete(INCOMPLETE)

    def _resource_streams(self) -> Iterator[tuple[Resource, ResourceStream]]:
        for resource in RESOURCES:
            stream = self.streams[resource.name]
            assert isinstance(stream, ResourceStream), "each row of the table is a stream"
            yield resource, stream

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End after the message being written; at a second signal, at once."""
        if self._stop.event.is_set() or "run" not in vars(self):
            os._exit(128 + signum)
        self._stop.set(signum)

    def end_by_signal(self, stopped: Stopped) -> NoReturn:
        """Write the last valid state and leave with 128 plus the signal's number."""
        self.write_state()
        code = 128 + stopped.signum
        self.logger.warning("%s Exit code %s.", stopped, code)
        self._leave(code)

    def end_by_error(self, message: str) -> NoReturn:
        """Say the last line and leave with 1."""
        self._leaving.acquire()
        self._stop.event.set()
        self.logger.error("%s", message)
        self._leave(1)

    def watch_reader(self) -> None:
        """End the run when nobody reads it any more, also while it waits for an answer."""
        pipe = select.poll()
        pipe.register(sys.stdout.fileno(), 0)
        if pipe.poll()[0][1] & select.POLLERR and not self._stop.event.is_set():
            self.end_by_error(_NO_READER)

    def _leave(self, code: int) -> NoReturn:
        with suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
        # Fetches under way would otherwise be waited for, up to `request_timeout` seconds.
        os._exit(code)

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap; whatever goes wrong ends in one line and exit code 1."""
        if about:
            cls.print_about(about_format)
            return
        with _one_line(cls):
            tap = cls(
                config=config.config if config else None,
                state=commandline.read_state(state),
                catalog=commandline.read_catalog(catalog),
                parse_env_config=bool(config and config.parse_env),
            )
        with _one_line(cls, tap.end_by_error):
            threading.Thread(target=tap.watch_reader, daemon=True).start()
            try:
                tap.warn()
                tap.sync_all()
            except Incomplete:
                tap._leave(1)  # The report has said so.
            except Stopped as stopped:
                tap.end_by_signal(stopped)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read configuration files; what cannot be read is said in one line."""
        with _one_line(cls):
            return commandline.read_config(value)

    @classmethod
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        """Print the catalog."""
        with _one_line(cls):
            super().cb_discover(ctx, param, value)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Describe the command and its `--test` as they are here."""
        command = super().get_singer_command()
        command.help = "Archive an Intercom workspace as Singer messages on stdout."
        for option in command.params:
            if isinstance(option, click.Option) and option.name == "test":
                option.help = (
                    "Examine the token: whose workspace it is, and which streams it may read, "
                    "with the scope each needs. --test=schema prints the schemas."
                )
        return command

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Examine token and scopes, or print the schemas, which needs no token."""
        if value == CliTestOptionValue.Disabled.value:
            return
        if value not in {known.value for known in CliTestOptionValue}:
            raise click.BadParameter("give --test or --test=schema.", ctx, param)
        given = ctx.params.get("config")
        is_schema = value == CliTestOptionValue.Schema.value
        with _one_line(cls):
            tap = cls(
                config=given.config if given else None,
                parse_env_config=bool(given and given.parse_env),
                validate_config=not is_schema,
            )
            if is_schema:
                tap.write_schemas()
                sys.stdout.flush()
                ctx.exit(0)
            if tap._replays:
                raise Refusal(
                    "`--test` examines the access token, which a replay does not need: leave "
                    "`replay_path` out."
                )
            tap.warn()
            read = settings.Settings.read(tap.config, tap._user_agent)
            healthy = doctor.examine(
                connect(read, tap._stop), read, lambda line: click.echo(line, err=True)
            )
        ctx.exit(0 if healthy else 1)


@contextmanager
def _one_line(
    plugin: type[TapIntercomArchive], leave: Callable[[str], NoReturn] | None = None
) -> Iterator[None]:
    """End in one line and exit code 1, whatever goes wrong inside; `leave` says how."""
    try:
        yield
        return
    except (ConfigValidationError, click.ClickException, click.exceptions.Exit):
        raise
    except ArchiveError as error:
        line = str(error)
    except MappingError:
        # Its own words may repeat the settings' values.
        line = "The setting `stream_maps` cannot be followed: correct it."
    except BrokenPipeError:
        # Keep the interpreter from flushing into the closed pipe once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        line = _NO_READER
    except Exception as error:
        line = commandline.crash_line(error)
        plugin.logger.debug("%s", commandline.crash_frames(error))
    if leave is not None:
        leave(line)
    plugin.logger.error("%s", line)
    sys.exit(1)
