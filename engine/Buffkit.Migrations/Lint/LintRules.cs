using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>The rules for every engine; each engine has more. docs/migrations.md lists all with the safe way; a test holds the two together.</summary>
internal static class LintRules
{
    /// <summary>For a key that counts by itself on SQLite alone.</summary>
    public const string KeyWithoutIdentity =
        @"^\s*CREATE\s+(\w+\s+)*TABLE\b[^(]*\((.*,)?\s*\S+\s+(SMALLINT|INTEGER|INT|BIGINT)\b" + NoSource + @"*\bPRIMARY\s+KEY\b" + NoSource + @"*[,)]";

    /// <summary>A character of a column's definition, before which nothing begins that gives the column its value.</summary>
    private const string NoSource = @"(?:(?!\b(GENERATED|AUTO_INCREMENT|DEFAULT|REFERENCES)\b)[^,)])";

    public static IReadOnlyList<LintRule> Common { get; } =
    [
        new("not-null-without-default", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(COLUMN\s+)?(?!CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|INDEX|KEY)[^,]*\bNOT\s+NULL\b"),
            "It fails as soon as the table has rows. Give a DEFAULT, or add the column nullable, fill it, then make it NOT NULL.")
            { Unless = Rule(@"\bDEFAULT\b|\bGENERATED\b|\bAUTO_INCREMENT\b|\bSERIAL\b|\bBIGSERIAL\b") },
        new("drop-table", Rule(@"^\s*DROP\s+TABLE\b"),
            "The data is gone, and the release that still runs fails. First release code that does not use it; take a backup; then ignore this rule with the reason."),
        new("drop-column", Rule(@"^\s*ALTER\s+TABLE\b.*\bDROP\s+(COLUMN\s+)?(?!CONSTRAINT|INDEX|KEY|FOREIGN|PRIMARY|CHECK|DEFAULT|NOT\b|IDENTITY|EXPRESSION|PARTITION|COLUMN)"),
            "The data is gone, and the release that still runs fails. First release code that does not use it; then ignore this rule with the reason.")
            { Unless = Rule(@"\bALTER\s+(COLUMN\s+)?\S+\s+DROP\b") },
        new("drop-database", Rule(@"^\s*DROP\s+(DATABASE|SCHEMA)\b"), "Everything in it is gone. A migration must not drop a database.") { OnlyExistingTables = false },
        new("truncate", Rule(@"^\s*TRUNCATE\b"), "The data is gone and readers wait. Delete in batches, or ignore this rule with the reason."),
        new("rename", Rule(@"^\s*(ALTER\s+TABLE\b.*\bRENAME\b(?!\s+(CONSTRAINT|INDEX|KEY)\b)|RENAME\s+TABLE\b)"),
            "The release that still runs fails. Add the new name (a column, or a view), move over, drop the old one later."),
        new("change-without-where", Rule(@"^\s*(UPDATE\s+(?!.*\bWHERE\b)|DELETE\s+FROM\s+(?!.*\bWHERE\b))"),
            "All rows are locked until it ends. Change them in batches (see 'new --template backfill')."),
    ];

    public static Regex Rule(string pattern) =>
        new(pattern, RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
}
