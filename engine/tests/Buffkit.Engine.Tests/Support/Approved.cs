namespace Buffkit.Tests;

/// <summary>
/// Text that a person has read and accepted. Where the actual text is another one on purpose, run the test once with
/// <c>APPROVE=true</c> in the environment, and commit what it wrote.
/// </summary>
internal static class Approved
{
    public static void Equal(string file, string actual)
    {
        if (string.Equals(Environment.GetEnvironmentVariable("APPROVE"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        var approved = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (approved == actual)
            return;
        var (expected, got) = (approved.Split('\n'), actual.Split('\n'));
        var line = expected.Zip(got).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.Fail(
            $"{file}:{line + 1} differs.\napproved: {expected.ElementAtOrDefault(line) ?? "(the end)"}\nactual:   {got.ElementAtOrDefault(line) ?? "(the end)"}\n"
            + "Is it meant? Then run this test with APPROVE=true in the environment, read the change, and commit it.");
    }
}
