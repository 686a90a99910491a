}); tools.add(1, 1); (() => {
