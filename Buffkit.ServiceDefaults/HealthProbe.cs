using System.Net.Sockets;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// <c>--probe URL</c>: asks a running server for its health and ends, 0 for "in service". A container that holds no shell and
/// no curl can ask itself so.
/// </summary>
public static class HealthProbe
{
    private const string Option = "--probe";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>The exit code, or nothing where the arguments ask for no probe.</returns>
    public static async Task<int?> RunAsync(string[] arguments)
    {
        if (arguments is not [Option, var url])
        {
            return null;
        }

        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var response = await client.GetAsync(new Uri(url));
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException or UriFormatException or InvalidOperationException or NotSupportedException)
        {
            await Console.Error.WriteLineAsync($"{url}: {e.Message}");
            return 1;
        }
    }
}
