using System.Net;
using System.Net.Http.Headers;
using Buffkit.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;

namespace Buffkit.Tests;

public sealed class StreamSafeResilienceTests
{
    [Theory]
    [InlineData("text/event-stream", true)]
    [InlineData("application/cloudevents-batch+json", true)]
    [InlineData("application/json", false)]
    public async Task Timeouts_ByAcceptHeader_SpareStreams(string accept, bool unlimited)
    {
        using var services = Build(_ => new HttpResponseMessage(HttpStatusCode.OK));
        var options = services.GetRequiredService<IOptionsMonitor<HttpStandardResilienceOptions>>().Get("-standard");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://localhost/");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        var context = ResilienceContextPool.Shared.Get(TestContext.Current.CancellationToken);
        context.SetRequestMessage(request);

        var attempt = await options.AttemptTimeout.TimeoutGenerator!(new(context));
        var total = await options.TotalRequestTimeout.TimeoutGenerator!(new(context));

        Assert.Equal(unlimited, attempt == Timeout.InfiniteTimeSpan);
        Assert.Equal(unlimited, total == Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public async Task Post_ServerError_IsNotRepeated()
    {
        var calls = 0;
        using var services = Build(_ =>
        {
            calls++;
            return new HttpResponseMessage(HttpStatusCode.InternalServerError);
        });
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("any");
        using var response = await client.PostAsync(
            new Uri("http://localhost/"), new StringContent("x"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(1, calls);
    }

    private static ServiceProvider Build(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddServiceDefaults();
        builder.Services.AddHttpClient("any").ConfigurePrimaryHttpMessageHandler(() => new Answering(answer));
        return builder.Services.BuildServiceProvider();
    }

    private sealed class Answering(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
