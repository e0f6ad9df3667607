namespace Buffkit.Tests;

public class Smoke
{
    [Fact]
    public void X() => Assert.Equal(2, "ab".Length);
}
