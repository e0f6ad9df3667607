using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SolutionNamespace.Api;
using SolutionNamespace.Streams;

namespace SolutionNamespace.Tests;

public sealed class SingularNameTests : IAsyncLifetime
{
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task SingularName_Posted_ArrivesOnTheStreamAndInTheList()
    {
        await using var client = await EventStreamClient.ConnectAsync(_api.Address, "pluralname/**");

        using var created = await _api.Http.PostAsJsonAsync("pluralname", new { name = "Ada" }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var added = await created.Content.ReadFromJsonAsync<SingularName>(TestContext.Current.CancellationToken);
        var item = await client.NextAsync();

        Assert.Equal("singularname.created", item.EventType);
        Assert.Equal(added, JsonSerializer.Deserialize<SingularName>(item.Data, JsonSerializerOptions.Web));
        Assert.Equal(added, Assert.Single((await _api.Http.GetFromJsonAsync<SingularName[]>("pluralname", TestContext.Current.CancellationToken))!));
    }

    [Fact]
    public async Task SingularName_WithoutAName_NamesTheField()
    {
        using var refused = await _api.Http.PostAsJsonAsync("pluralname", new { name = "" }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("Name", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    // Outside Development a topic that nobody opened is closed to everybody.
    [Fact]
    public void Topic_OfTheFeature_IsOneThatUsersMayWatch() =>
        Assert.Contains(Access.Watched, watched => TopicFilter.Parse("pluralname/**").IsWithin(watched));
}
