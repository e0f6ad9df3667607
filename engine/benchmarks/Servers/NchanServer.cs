using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>nginx with nchan, as Debian packages them.</summary>
internal sealed class NchanServer(int workers, string? program, string? module) : ServerKind
{
    private static readonly string[] Programs = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
    private static readonly string[] Modules =
        ["/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so", "/etc/nginx/modules/ngx_nchan_module.so"];

    private readonly string? _program = program ?? Programs.FirstOrDefault(File.Exists);
    private readonly string? _module = module ?? Modules.FirstOrDefault(File.Exists);

    public override string Name => "nchan";

    public override string? Missing => File.Exists(_program) && File.Exists(_module)
        ? null
        : "nginx with nchan is not installed; it is left out. On Debian and Ubuntu: apt-get install nginx-light libnginx-mod-nchan. "
            + "Elsewhere name both files with --nginx and --nchan-module.";

    public override async Task<ServerProcess> StartAsync(int connections, CancellationToken cancellationToken)
    {
        var target = new NchanTarget(ServerProcess.FreeAddress());
        var directory = Directory.CreateTempSubdirectory("bench-nchan-");
        var configuration = Path.Combine(directory.FullName, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(target, directory.FullName, connections), cancellationToken);
        var start = new ProcessStartInfo(_program!) { ArgumentList = { "-p", directory.FullName, "-e", "stderr", "-c", configuration } };
        return await ServerProcess.StartAsync(start, target, isManaged: false, directory, cancellationToken);
    }

    // reuseport spreads connections evenly over the workers; without it one of them gets most of a burst.
    // The message buffer is as long as this API's tail; a worker's connections include the ones to other workers.
    private string Configuration(NchanTarget target, string directory, int connections) => $$"""
        load_module {{_module}};
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        daemon off;
        worker_processes {{workers}};
        worker_rlimit_nofile {{connections + 1000}};
        error_log stderr warn;
        pid {{directory}}/nginx.pid;
        events { worker_connections {{connections + 500}}; }
        http {
          access_log off;
          client_body_temp_path {{directory}}/body;
          proxy_temp_path {{directory}}/proxy;
          fastcgi_temp_path {{directory}}/fastcgi;
          uwsgi_temp_path {{directory}}/uwsgi;
          scgi_temp_path {{directory}}/scgi;
          keepalive_requests 1000000000;
          nchan_shared_memory_size 256M;
          server {
            listen {{target.EndPoint}} reuseport;
            location = {{NchanTarget.PublishPath}} {
              nchan_publisher http;
              nchan_channel_id load;
              nchan_message_buffer_length 8192;
              nchan_message_timeout 10m;
            }
            location = {{NchanTarget.SubscribePath}} {
              nchan_subscriber eventsource;
              nchan_channel_id load;
              nchan_subscriber_first_message newest;
            }
          }
        }

        """;
}
