using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Buffkit.Tests.LongestFirst))]

namespace Buffkit.Tests;

/// <summary>Starts the builds of generated solutions first: they take longest, so begun last they would run on alone.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionDisplayName switch
        {
            TemplateBuilds.Name => 0,
            TemplateTests.Name => 1,
            _ => 2,
        })];
}
