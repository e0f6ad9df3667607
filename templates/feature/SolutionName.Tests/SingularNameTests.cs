using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Streams;
using SolutionNamespace.Api;

namespace SolutionNamespace.Tests;

public sealed class SingularNameTests : IDisposable
{
    private readonly RunningApi _api = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task SingularName_Posted_ArrivesOnTheStreamAndInTheList()
    {
        await using var events = _api.EventsAsync("pluralname/**", cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        await events.MoveNextAsync();

        using var created = await _api.Http.PostAsJsonAsync("pluralname", new { name = "Ada" }, Cancellation);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var added = await created.Content.ReadFromJsonAsync<SingularName>(Cancellation);
        while (await events.MoveNextAsync() && events.Current.EventType != "singularname.created")
        {
        }

        Assert.Equal(added, JsonSerializer.Deserialize<SingularName>(events.Current.Data, JsonSerializerOptions.Web));
        Assert.Equal(added, Assert.Single((await _api.Http.GetFromJsonAsync<SingularName[]>("pluralname", Cancellation))!));
    }

    [Fact]
    public async Task SingularName_WithoutAName_NamesTheField()
    {
        using var refused = await _api.Http.PostAsJsonAsync("pluralname", new { name = "" }, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("Name", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    // Outside Development a topic that nobody opened is closed to everybody.
    [Fact]
    public void Topic_OfTheFeature_IsOneThatUsersMayWatch() =>
        Assert.Contains(Access.Watched, watched => TopicFilter.Parse("pluralname/**").IsWithin(watched));
}
