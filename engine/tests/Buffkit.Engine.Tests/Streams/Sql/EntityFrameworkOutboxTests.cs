using Buffkit.Streams.Sql;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>Entity Framework Core's rows and the outbox's events in one transaction, as the docs show it.</summary>
// For MySQL there is no provider of Entity Framework Core 10 over MySqlConnector yet.
public sealed class EntityFrameworkOutboxTests(PostgresServer postgres, MySqlServer mySql)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EventTables.Sqlite, true)]
    [InlineData(EventTables.Sqlite, false)]
    [InlineData(EventTables.Postgres, true)]
    [InlineData(EventTables.Postgres, false)]
    public async Task Add_InTheContextsTransaction_CommitsAndRollsBackWithItsRows(string engine, bool commit)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await tables.ExecuteAsync(engine is EventTables.Sqlite
            ? "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)"
            : "CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)");
        await using var server = await StreamsServer.StartAsync(streams: streams => streams.AddOutbox(_ => tables.Source));
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        var outbox = server.Services.GetRequiredService<IEventOutbox>();

        await using (var context = new NotesContext(tables))
        {
            await using var transaction = await context.Database.BeginTransactionAsync(Stop);
            var note = context.Notes.Add(new Note { Text = "hello" }).Entity;
            await context.SaveChangesAsync(Stop);
            await outbox.AddAsync(context.Database.CurrentTransaction!.GetDbTransaction(), $"notes/{note.Id}", "note.added", note, cancellationToken: Stop);
            if (commit)
                await transaction.CommitAsync(Stop);
        }

        await server.PublishAsync("end", "end");
        Assert.Equal(commit ? 1 : 0, await tables.NumberAsync("SELECT COUNT(*) FROM notes"));
        if (commit)
        {
            // The outbox's own moment: before the one that was published directly, or after it.
            var both = await client.NextDataAsync(2);
            Assert.Contains("""{"id":1,"text":"hello"}""", both);
            return;
        }

        Assert.Equal(["end"], await client.NextDataAsync(1));
        Assert.Equal(0, await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox"));
    }

    private sealed class Note
    {
        public int Id { get; init; }

        public required string Text { get; init; }
    }

    private sealed class NotesContext(EventTables tables) : DbContext
    {
        public DbSet<Note> Notes => Set<Note>();

        protected override void OnConfiguring(DbContextOptionsBuilder options) =>
            _ = tables.Engine is EventTables.Sqlite ? options.UseSqlite(tables.ConnectionString) : options.UseNpgsql(tables.ConnectionString);

        protected override void OnModelCreating(ModelBuilder model) => model.Entity<Note>(note =>
        {
            note.ToTable("notes");
            note.Property(n => n.Id).HasColumnName("id");
            note.Property(n => n.Text).HasColumnName("text");
        });
    }
}
