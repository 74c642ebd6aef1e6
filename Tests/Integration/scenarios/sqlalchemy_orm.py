"""SQLAlchemy's ORM and core through all that a program does; prints what came of it, one line a step.

Arguments: host port user password
"""

import sys
from decimal import Decimal

from sqlalchemy import URL, ForeignKey, Numeric, String, create_engine, event, func, inspect, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload
from sqlalchemy.pool import QueuePool

host, port, user, password = sys.argv[1:]
url = URL.create("mysql+pymysql", user, password, host, int(port), "alchemy", {"charset": "utf8mb4"})
engine = create_engine(
    url, poolclass=QueuePool, pool_size=5, max_overflow=5, pool_pre_ping=True, isolation_level="REPEATABLE READ"
)


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    fruits: Mapped[list["Fruit"]] = relationship(back_populates="shop", cascade="all, delete-orphan")


class Fruit(Base):
    __tablename__ = "fruit"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop] = relationship(back_populates="fruits")


def show(step, value):
    print(f"{step}: {value!r}")


def refused(action):
    try:
        action()
    except (IntegrityError, ProgrammingError) as error:
        return type(error).__name__, error.orig.args[0]


@event.listens_for(engine, "connect")
def configure(connection, _):
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")


Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
show("tables", sorted(inspect(engine).get_table_names()))
show("columns", [(column["name"], str(column["type"])) for column in inspect(engine).get_columns("fruit")])

with Session(engine) as session:
    shops = [
        Shop(name=f"größer {n}", fruits=[Fruit(name=f"fig {k}", price=Decimal(k) / 4) for k in range(20)])
        for n in range(5)
    ]
    session.add_all(shops)
    session.commit()
    show("ids", [(shop.id, [fruit.id for fruit in shop.fruits]) for shop in shops])

with Session(engine) as session:
    loaded = session.scalars(select(Shop).options(selectinload(Shop.fruits)).order_by(Shop.id)).all()
    show("loaded", [(shop.name, sum(fruit.price for fruit in shop.fruits)) for shop in loaded])
    show(
        "grouped",
        session.execute(select(Fruit.name, func.sum(Fruit.price)).group_by(Fruit.name).order_by(Fruit.name)).all(),
    )
    loaded[0].fruits.pop()
    loaded[1].name = "renamed"
    session.delete(loaded[2])
    session.flush()
    show("flushed", session.scalar(select(func.count()).select_from(Fruit)))
    session.rollback()
    show("rolled back", session.scalar(select(func.count()).select_from(Fruit)))

with Session(engine) as session, session.begin():
    session.add(Shop(name="outer"))
    with session.begin_nested() as savepoint:
        session.add(Shop(name="inner"))
        session.flush()
        savepoint.rollback()
    show("locked", session.scalar(select(Shop.name).where(Shop.name == "outer").with_for_update()))
with Session(engine) as session:
    show("names", session.scalars(select(Shop.name).order_by(Shop.id)).all())
    session.add(Shop(name="outer"))
    show("twice", refused(session.commit))
    session.rollback()
    show("wrong", refused(lambda: session.execute(text("SELECT * FROM no_such_table"))))

with engine.connect() as connection:
    connection.execute(text("CREATE TEMPORARY TABLE passing (a INT)"))
    connection.execute(text("INSERT INTO passing VALUES (:a)"), [{"a": number} for number in range(10)])
    show("temporary", connection.execute(text('SELECT SUM(a), @@time_zone, "a" FROM passing')).one())
    connection.execute(text("DROP TEMPORARY TABLE passing"))
    show(
        "streamed",
        sum(
            row[0]
            for row in connection.execution_options(stream_results=True).execute(text("SELECT seq FROM seq_1_to_5000"))
        ),
    )

several = [engine.connect() for _ in range(8)]
for number, connection in enumerate(several):
    connection.execute(text(f"SET @mine = {number}"))
show("several", [connection.execute(text("SELECT @mine, DATABASE()")).one() for connection in several])
for connection in several:
    connection.close()
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    show("level", connection.execute(text("SELECT @@autocommit, @@tx_isolation")).one())
engine.dispose()
