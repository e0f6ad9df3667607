namespace Buffkit.Migrations.MySql;

/// <summary>What a DDL statement of MySQL changes, as far as that can be read off it for certain.</summary>
/// <param name="Objects">The objects whose definitions it changes. Empty for a statement that does no harm when it is repeated.</param>
internal sealed record MySqlDdl(IReadOnlyList<MySqlObject> Objects)
{
    /// <summary>These leave definitions alone and swap, empty or detach data: nothing shows whether they took effect.</summary>
    private static readonly string[] Invisible = ["EXCHANGE", "TRUNCATE", "DISCARD", "IMPORT", "SONAME"];

    private static readonly string[] Repeatable =
        ["ANALYZE", "CHECK", "CHECKSUM", "DESC", "DESCRIBE", "EXPLAIN", "FLUSH", "GRANT", "OPTIMIZE", "SHOW"];

    private static readonly string[] Kinds = ["TABLE", "TABLES", "VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "EVENT", "INDEX"];

    private static readonly string[] OtherObjects =
        ["DATABASE", "SCHEMA", "USER", "ROLE", "SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "INSTANCE"];

    /// <returns><see langword="null"/> where the statement does not show what it changes, or is not atomic.</returns>
    public static MySqlDdl? Parse(Statement statement)
    {
        var tokens = MySqlToken.Read(statement);
        if (tokens.Count == 0)
        {
            return new MySqlDdl([]);
        }

        if (Repeatable.Any(tokens[0].Is))
        {
            return new MySqlDdl([]);
        }

        var kindAt = tokens.FindIndex(token => Kinds.Any(token.Is));
        if (kindAt < 0 || OtherObjects.Any(tokens[1].Is) || tokens.Any(token => Invisible.Any(token.Is)))
        {
            return null;
        }

        var kind = tokens[kindAt].Text.ToUpperInvariant();
        var rest = tokens[(kindAt + 1)..];
        rest.RemoveRange(0, rest.TakeWhile(token => token.Is("IF") || token.Is("NOT") || token.Is("EXISTS")).Count());
        if (kind == "INDEX")
        {
            // An index is part of its table.
            var on = rest.FindIndex(token => token.Is("ON"));
            return on < 0 ? null : Of("TABLE", rest[(on + 1)..], 1);
        }

        return (tokens[0].Text.ToUpperInvariant(), kind) switch
        {
            // One for a point in time drops itself once it has run.
            ("CREATE", "EVENT") when RunsOnce(rest) => null,
            ("CREATE" or "ALTER", _) => Of(kind, rest, 1),
            ("DROP" or "RENAME", _) => Of(kind.TrimEnd('S'), rest, int.MaxValue),
            _ => null,
        };
    }

    private static bool RunsOnce(List<MySqlToken> tokens)
    {
        var schedule = tokens.FindIndex(token => token.Is("SCHEDULE"));
        return schedule < 0 || schedule + 1 >= tokens.Count || !tokens[schedule + 1].Is("EVERY");
    }

    /// <summary>Reads names, each with its schema or without, separated by commas or TO.</summary>
    private static MySqlDdl? Of(string kind, List<MySqlToken> tokens, int count)
    {
        var objects = new List<MySqlObject>();
        var at = 0;
        while (objects.Count < count && at < tokens.Count && tokens[at].IsName)
        {
            var (schema, name) = ((string?)null, tokens[at++].Text);
            if (at + 1 < tokens.Count && tokens[at].Text == "." && tokens[at + 1].IsName)
            {
                (schema, name) = (name, tokens[at + 1].Text);
                at += 2;
            }

            objects.Add(new MySqlObject(kind, schema, name));
            if (at >= tokens.Count || (tokens[at].Text != "," && !tokens[at].Is("TO")))
            {
                break;
            }

            at++;
        }

        return objects.Count == 0 ? null : new MySqlDdl(objects);
    }
}

/// <summary>An object that SHOW CREATE can show.</summary>
/// <param name="Kind">The keyword: <c>TABLE</c>, <c>VIEW</c>, <c>FUNCTION</c> …</param>
/// <param name="Schema">The database, or <see langword="null"/> for the session's.</param>
/// <param name="Name">Without quotes.</param>
internal sealed record MySqlObject(string Kind, string? Schema, string Name)
{
    public string ShowCreate(string? schema = null)
    {
        var place = (Schema ?? schema) is { } named ? Quote(named) + "." : "";
        return $"SHOW CREATE {Kind} {place}{Quote(Name)}";
    }

    private static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
}
