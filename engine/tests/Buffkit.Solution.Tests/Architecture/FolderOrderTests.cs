using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Buffkit.Tests;

/// <summary>Inside the stream engine a folder uses only the folders to its left, as the design lays them out.</summary>
public sealed class FolderOrderTests
{
    private const string Usings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly string[] Order =
    [
        "Diagnostics", "Events", "Encryption", "Protocol", "Log", "Tail", "Encoding", "Delivery", "Access", "Publishing", "Testing", "Presence", "Http",
        "DependencyInjection",
    ];

    [Fact]
    public void Folder_OfStreams_UsesOnlyThoseToItsLeft()
    {
        var root = Repository.Folder("engine/Buffkit.Streams");
        var trees = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: Path.GetRelativePath(root, file), cancellationToken: TestContext.Current.CancellationToken))
            .ToArray();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("Buffkit.", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Streams", [.. trees, CSharpSyntaxTree.ParseText(Usings, cancellationToken: TestContext.Current.CancellationToken)], references);

        var wrong = trees.SelectMany(tree => Wrong(tree, compilation.GetSemanticModel(tree))).Distinct().Order(StringComparer.Ordinal).ToArray();

        Assert.True(wrong.Length == 0, new StringBuilder().AppendJoin('\n', wrong).ToString());
        // A folder that is not in the order would be held to nothing.
        Assert.Empty(trees.Select(tree => FolderOf(tree.FilePath)).Where(folder => folder.Length > 0).Distinct().Except(Order));
    }

    private static IEnumerable<string> Wrong(SyntaxTree tree, SemanticModel model)
    {
        var place = Array.IndexOf(Order, FolderOf(tree.FilePath));
        // The options of all parts together, which each part reads its own of.
        if (place < 0)
            yield break;
        foreach (var name in tree.GetRoot(TestContext.Current.CancellationToken).DescendantNodes().OfType<SimpleNameSyntax>())
        {
            var symbol = model.GetSymbolInfo(name, TestContext.Current.CancellationToken).Symbol;
            var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
            foreach (var declared in type?.OriginalDefinition.DeclaringSyntaxReferences ?? [])
            {
                var used = Array.IndexOf(Order, FolderOf(declared.SyntaxTree.FilePath));
                if (used > place)
                    yield return $"{tree.FilePath} uses {type!.Name} of {Order[used]}";
            }
        }
    }

    private static string FolderOf(string path) => path.Contains(Path.DirectorySeparatorChar) ? path[..path.IndexOf(Path.DirectorySeparatorChar)] : "";
}
