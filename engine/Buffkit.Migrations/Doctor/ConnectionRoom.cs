using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>Whether a server has room for the connections of those that use it.</summary>
internal static class ConnectionRoom
{
    /// <summary>Beyond it the next replica, or a person who comes to look, may find none left.</summary>
    private const double Crowded = 0.8;

    /// <param name="most">Connections that the server has, for all together.</param>
    /// <param name="used">Those that are open.</param>
    /// <param name="own">Connections that this login may have in this database, at most.</param>
    /// <param name="pool">Those that one program may open; 0 where it keeps none.</param>
    public static HealthCheckResult Judge(long most, long used, long own, long pool)
    {
        var found = $"{used} of {most} connections are used{(own < most ? $", {own} are this login's at most" : "")}; the pool of one program takes {(pool == 0 ? "none" : $"up to {pool}")}.";
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (used >= most * Crowded)
        {
            wrong.Add((used >= most, "Raise max_connections, or see who holds them: few are left."));
        }

        if (pool > Math.Min(most, own))
        {
            wrong.Add((false, "Set Maximum Pool Size in the API's connection string so that all replicas together stay below the server's number, or raise max_connections."));
        }

        return Finding.Of(found, wrong);
    }
}
