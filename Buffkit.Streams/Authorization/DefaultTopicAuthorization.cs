using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <inheritdoc cref="TopicAuthorizationOptions"/>
internal sealed partial class DefaultTopicAuthorization : ITopicAuthorization
{
    private static readonly TopicFilter Public = TopicFilter.Parse("public/**");

    private readonly bool _isOpen;
    private readonly IServiceScopeFactory _scopes;

    public DefaultTopicAuthorization(
        IOptions<StreamsOptions> options, IHostEnvironment environment, IServiceScopeFactory scopes, ILogger<DefaultTopicAuthorization> logger)
    {
        _scopes = scopes;
        _isOpen = options.Value.Authorization.IsOpen(environment);
        if (_isOpen)
            Log.Open(logger, environment.EnvironmentName);
    }

    public async ValueTask<bool> IsAllowedAsync(TopicAccess access, CancellationToken cancellationToken)
    {
        if (_isOpen)
            return true;
        var isAuthenticated = access.User.Identity is { IsAuthenticated: true };
        if (access.Filter.IsWithin(Public) && (access.Operation is TopicOperation.Subscribe || isAuthenticated))
            return true;
        if (Subject.Of(access.User) is { } subject && UserTopic.AllOf(subject) is { } own && access.Filter.IsWithin(own))
            return true;
        return await AskPolicyAsync(access).ConfigureAwait(false);
    }

    private async ValueTask<bool> AskPolicyAsync(TopicAccess access)
    {
        // A scope of its own: handlers may be scoped, and a stream outlives what they hold.
        await using var scope = _scopes.CreateAsyncScope();
        if (scope.ServiceProvider.GetService<IAuthorizationService>() is not { } service
            || await scope.ServiceProvider.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(TopicAuthorizationOptions.PolicyName).ConfigureAwait(false) is not { } policy)
        {
            return false;
        }

        return (await service.AuthorizeAsync(access.User, access, policy).ConfigureAwait(false)).Succeeded;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "All topics are open to everybody, as is the default in Development (environment {Environment}, Streams:Authorization:Default).")]
        public static partial void Open(ILogger logger, string environment);
    }
}
