using System.Globalization;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Settings in the script that change how the rest of it reads.</summary>
internal sealed partial class StatementSplitter
{
    private const string ConformingStringsName = "standard_conforming_strings";
    private const string SqlModeName = "sql_mode";

    /// <summary>The bits of MySQL's modes, for scripts that set them as a number.</summary>
    private const long AnsiQuotesBit = 4;
    private const long NoBackslashEscapesBit = 1 << 20;

    /// <summary>What variables of the script hold, since every dump puts the mode back from one.</summary>
    private readonly Dictionary<string, SqlDialect> _savedModes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>PostgreSQL: what holds again when the transaction ends.</summary>
    private SqlDialect? _outsideTransaction;

    private void NoteSettings(Statement statement)
    {
        if (_initial.CopyData)
        {
            NotePostgresSettings(statement);
        }
        else if (_initial.DelimiterCommand && statement.Text.Contains(SqlModeName, StringComparison.OrdinalIgnoreCase))
        {
            NoteSqlMode(StatementCode.WithStrings(statement));
        }
    }

    private void NotePostgresSettings(Statement statement)
    {
        if (statement.Text.Contains(ConformingStringsName, StringComparison.OrdinalIgnoreCase))
        {
            NoteConformingStrings(StatementCode.WithStrings(statement));
        }
        else if (statement.Text[0] is 'R' or 'r' or 'D' or 'd' && ResetAll().IsMatch(statement.Bare))
        {
            _dialect = _initial;
        }
        else if (_outsideTransaction is { } outside && EndOfTransaction().IsMatch(statement.Bare))
        {
            (_dialect, _outsideTransaction) = (outside, null);
        }
    }

    private void NoteConformingStrings(string text)
    {
        foreach (Match setting in ConformingStrings().Matches(text))
        {
            if (setting.Groups["local"].Success)
            {
                _outsideTransaction ??= _dialect;
            }

            // The server takes any beginning of these words that is no beginning of "on".
            var value = setting.Groups["value"].Value.ToUpperInvariant();
            _dialect = _dialect with { BackslashEscapes = value is "0" or "OF" or "OFF" or "N" or "NO" or "F" or "FA" or "FAL" or "FALS" or "FALSE" };
        }
    }

    /// <summary>Follows <c>SET a = b, c = d</c> from left to right, variables included.</summary>
    private void NoteSqlMode(string text)
    {
        if (SetStatement().Match(text) is not { Success: true } set)
        {
            return;
        }

        foreach (Match assignment in Assignment().Matches(text, set.Length))
        {
            var (target, value) = (assignment.Groups["target"].Value, assignment.Groups["value"].Value.Trim());
            if (target.StartsWith('@') && !target.StartsWith("@@", StringComparison.Ordinal))
            {
                if (value.Contains(SqlModeName, StringComparison.OrdinalIgnoreCase) && SqlModeOf(value) is { } saved)
                {
                    _savedModes[target] = saved;
                }
            }
            else if (SessionSqlMode().IsMatch(target) && SqlModeOf(value) is { } mode)
            {
                _dialect = mode;
            }
        }
    }

    /// <summary>The rules under a mode; <see langword="null"/> where only the server can say which that is.</summary>
    private SqlDialect? SqlModeOf(string value)
    {
        if (_savedModes.TryGetValue(value, out var saved))
        {
            return saved;
        }

        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bits))
        {
            return With((bits & NoBackslashEscapesBit) != 0, (bits & AnsiQuotesBit) != 0);
        }

        if (value.Equals("DEFAULT", StringComparison.OrdinalIgnoreCase))
        {
            return _initial;
        }

        var names = string.Join(',', ModeLiterals().Matches(value).Select(literal => literal.Groups["names"].Value));
        var named = names.ToUpperInvariant().Split(',', StringSplitOptions.TrimEntries);
        var noEscapes = named.Contains("NO_BACKSLASH_ESCAPES");
        var ansiQuotes = named.Any(name => name is "ANSI_QUOTES" or "ANSI");
        if (!CurrentSqlMode().IsMatch(value))
        {
            return value.Contains('@', StringComparison.Ordinal) || !ModeLiterals().IsMatch(value) ? null : With(noEscapes, ansiQuotes);
        }

        // What there is, with more (CONCAT) or less (REPLACE).
        return value.Contains("REPLACE", StringComparison.OrdinalIgnoreCase)
            ? With(!_dialect.BackslashEscapes && !noEscapes, !_dialect.DoubleQuotedStrings && !ansiQuotes)
            : With(!_dialect.BackslashEscapes || noEscapes, !_dialect.DoubleQuotedStrings || ansiQuotes);
    }

    private SqlDialect With(bool noEscapes, bool ansiQuotes) =>
        _dialect with { BackslashEscapes = !noEscapes, DoubleQuotedStrings = !ansiQuotes };

    [GeneratedRegex(@"^SET (?:SESSION |(?<local>LOCAL ))?standard_conforming_strings ?(?:= ?| TO )'?(?<value>\w+)'?$|^RESET standard_conforming_strings$|\bset_config ?\( ?E?'standard_conforming_strings' ?, ?E?'(?<value>\w+)' ?, ?(?:'?(?:f|n|0)\w*'?|(?<local>'?(?:t|y|1)\w*'?)) ?(?:::\w+ ?)?\)", RegexOptions.IgnoreCase)]
    private static partial Regex ConformingStrings();

    [GeneratedRegex(@"^(?:RESET\s+ALL|DISCARD\s+ALL)\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex ResetAll();

    [GeneratedRegex(@"^(?:COMMIT|END|ROLLBACK|ABORT)\b(?!\s+(?:TO|WORK\s+TO|TRANSACTION\s+TO)\b)", RegexOptions.IgnoreCase)]
    private static partial Regex EndOfTransaction();

    [GeneratedRegex("^SET ", RegexOptions.IgnoreCase)]
    private static partial Regex SetStatement();

    /// <summary>One assignment of a list; commas in strings and one level of parentheses, as in <c>CONCAT(@@sql_mode, ',X')</c>, belong to its value.</summary>
    [GeneratedRegex(@"\G ?,? ?(?:[^,=:']+, ?)*(?<target>[^,=:']+?) ?:?= ?(?<value>(?:'(?:[^'\\]|''|\\.)*'|""(?:[^""\\]|""""|\\.)*""|\((?:'(?:[^'\\]|''|\\.)*'|""(?:[^""\\]|""""|\\.)*""|[^'""()]|\([^()]*\))*\)|[^,'""()])+)")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^(?:@@)?(?:(?:SESSION|LOCAL)(?:\.| ))?`?sql_mode`?$", RegexOptions.IgnoreCase)]
    private static partial Regex SessionSqlMode();

    [GeneratedRegex(@"@@(?:(?:SESSION|LOCAL)\.)?sql_mode\b", RegexOptions.IgnoreCase)]
    private static partial Regex CurrentSqlMode();

    [GeneratedRegex("""(?<quote>['"])(?<names>[\w, ]*)\k<quote>""")]
    private static partial Regex ModeLiterals();
}
