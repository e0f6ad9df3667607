using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Tests;

/// <summary>An endpoint of an application that answers with a state, and its place in the log.</summary>
internal static class StateEndpoint
{
    public static void MapStateForClient(this WebApplication app) => app.MapGet("/state", () => TypedResults.Text("the state")).WithEventCursor();
}
