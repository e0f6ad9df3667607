using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What every command works with.</summary>
internal sealed record RunnerServices(MigrationOptions Options, ILogger Logger, TimeProvider Time);
