namespace Buffkit.Tests;

/// <summary>Several API processes on one Redis, as they run behind a load balancer.</summary>
public sealed class ApiNodes : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("nodes-");
    private readonly List<ApiProcess> _nodes = [];
    private readonly Dictionary<string, string> _environment;

    private ApiNodes(string redis, Dictionary<string, string>? settings)
    {
        _environment = new Dictionary<string, string>(settings ?? [])
        {
            ["ConnectionStrings__redis"] = redis,
            ["Streams__Redis__KeyPrefix"] = RedisServer.NewKeyPrefix(),
        };
    }

    public int Count => _nodes.Count;

    public ApiProcess this[int index] => _nodes[index];

    public static async Task<ApiNodes> StartAsync(int count, string redis, Dictionary<string, string>? settings = null)
    {
        var nodes = new ApiNodes(redis, settings);
        try
        {
            for (var i = 0; i < count; i++)
                await nodes.AddAsync();
            return nodes;
        }
        catch
        {
            await nodes.DisposeAsync();
            throw;
        }
    }

    public async Task AddAsync() =>
        _nodes.Add(await ApiProcess.StartAsync(_root.CreateSubdirectory($"{_nodes.Count}").FullName, _environment));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _root.Delete(recursive: true);
    }
}
