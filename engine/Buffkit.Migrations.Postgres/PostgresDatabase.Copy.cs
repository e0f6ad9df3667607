using System.Buffers;
using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>How the data of a COPY gets to PostgreSQL.</summary>
internal sealed partial class PostgresDatabase
{
    /// <summary>Characters of data that are sent at a time.</summary>
    private const int CopyPiece = 16 * 1024;

    /// <remarks>The driver does not ask the server to cancel a COPY, which would go on as long as its triggers and indexes take.</remarks>
    private async Task CopyOrCancelAsync(string sql, CopyData data, CancellationToken cancellation)
    {
        var copy = CopyAsync(sql, data, cancellation);
        try
        {
            await copy.WaitAsync(cancellation);
        }
        catch (OperationCanceledException) when (!copy.IsCompleted)
        {
            await CancelBackendAsync(Npgsql.ProcessID);
            // Done nevertheless, or the server's word that it is not.
            await copy;
        }
    }

    private async Task CopyAsync(string sql, CopyData data, CancellationToken cancellation)
    {
        using var lines = data.Open();
        var import = await Npgsql.BeginTextImportAsync(sql, cancellation);
        var buffer = ArrayPool<char>.Shared.Rent(CopyPiece);
        try
        {
            while (await lines.ReadBlockAsync(buffer.AsMemory(0, CopyPiece), cancellation) is var read and > 0)
            {
                await import.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        catch
        {
            // To dispose of it would be the end of the data, and the rows so far would count.
            await CancelAsync(import);
            throw;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }

        await import.DisposeAsync();
    }

    private static async Task CancelAsync(NpgsqlCopyTextWriter import)
    {
        try
        {
            await import.CancelAsync();
        }
        catch (Exception e) when (e is DbException or IOException or InvalidOperationException)
        {
            // The session is gone, and the data with it. Why is what the caller is about to hear.
        }
    }

    private async Task CancelBackendAsync(int process)
    {
        try
        {
            using var limit = new CancellationTokenSource(CancellationWait);
            await using var other = await _source!.OpenConnectionAsync(limit.Token);
            await using var command = other.CreateCommand();
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"SELECT pg_catalog.pg_cancel_backend({process})");
            await command.ExecuteNonQueryAsync(limit.Token);
        }
        catch (Exception e) when (e is DbException or TimeoutException or OperationCanceledException or System.Net.Sockets.SocketException)
        {
            // Then the COPY ends by itself, or with its session.
        }
    }
}
